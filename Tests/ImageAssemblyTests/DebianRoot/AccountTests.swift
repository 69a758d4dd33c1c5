import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

@Suite struct `users and groups` {
    let masters: [(String, FileEntry)] = [
        ("usr/share/passwd.master", file("root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534::/:/sbin/nologin\n")),
        ("usr/share/group.master", file("root:*:0:\nshadow:*:42:\nadm:*:4:root\nnogroup:*:65534:\n")),
    ]

    func build(
        users: [Definition.User] = [], groups: [Definition.Group] = [], shadow: Bool = true
    ) throws -> FileTree {
        let packages = [try package("base-passwd", scripts: ["postinst": "x"], masters)]
        let accounts = MaintainerScripts.Effect.accounts(
            passwd: try EntryPath("usr/share/passwd.master"), group: try EntryPath("usr/share/group.master"))
        var root = root(of: packages, effects: ["base-passwd": shadow ? [accounts, .shadow] : [accounts]])
        root.users = users
        root.groups = groups
        return try root.build(packages)
    }

    @Test func `passwords move to the shadow files with the day of the image`() throws {
        let tree = try build()
        #expect(
            try tree.text("etc/passwd") == "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/sbin/nologin\n")
        #expect(try tree.text("etc/group") == "root:x:0:\nshadow:x:42:\nadm:x:4:root\nnogroup:x:65534:\n")
        #expect(try tree.text("etc/shadow") == "root:*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n")
        #expect(try tree.text("etc/gshadow") == "root:*::\nshadow:*::\nadm:*::root\nnogroup:*::\n")
        for path in ["etc/shadow", "etc/gshadow"] {
            let entry = try #require(try tree.entry(path))
            #expect(entry.mode == 0o640 && entry.userID == 0 && entry.groupID == 42 && entry.modified == imageTime)
        }
    }

    @Test func `the image's accounts are added to all four files and locked`() throws {
        let tree = try build(
            users: [.init(name: "etcd", id: 999, group: "etcd", home: "/var/lib/etcd", shell: "/usr/sbin/nologin")],
            groups: [.init(name: "etcd", id: 998)])
        #expect(try tree.text("etc/passwd")?.hasSuffix("\netcd:x:999:998::/var/lib/etcd:/usr/sbin/nologin\n") == true)
        #expect(try tree.text("etc/group")?.hasSuffix("\netcd:x:998:\n") == true)
        #expect(try tree.text("etc/shadow")?.hasSuffix("\netcd:!:20000::::::\n") == true)
        #expect(try tree.text("etc/gshadow")?.hasSuffix("\netcd:!::\n") == true)
        #expect(try tree.entry("etc/shadow")?.mode == 0o640)
    }

    @Test func `a user's home is made and is the user's, unless it is there or there is none`() throws {
        let tree = try build(
            users: [
                .init(name: "etcd", id: 999, group: "etcd", home: "/var/lib/etcd", shell: "/bin/sh"),
                .init(name: "other", id: 997, group: "etcd", home: "/usr/share", shell: "/bin/sh"),
                .init(name: "none", id: 996, group: "etcd", home: "/nonexistent", shell: "/bin/sh"),
            ], groups: [.init(name: "etcd", id: 998)])
        let home = try #require(try tree.entry("var/lib/etcd"))
        #expect(home.kind == .directory && home.mode == 0o755 && (home.userID, home.groupID) == (999, 998))
        #expect(try tree.entry("usr/share")?.mode == 0o755 && tree.entry("usr/share")?.userID == 0)
        #expect(try tree.entry("nonexistent") == nil)
    }

    @Test func `without shadow files, no account has a password either`() throws {
        let tree = try build(
            users: [.init(name: "etcd", id: 999, group: "nogroup", home: "/", shell: "/bin/sh")], shadow: false)
        #expect(try tree.text("etc/passwd")?.hasSuffix("\netcd:*:999:65534::/:/bin/sh\n") == true)
        #expect(try tree.entry("etc/shadow") == nil)
        var alone = root(of: [])
        alone.groups = [.init(name: "etcd", id: 998)]
        #expect(try alone.build([package("one", [])]).text("etc/group") == "etcd:*:998:\n")
    }

    @Test func `every name and number that is already taken is reported`() throws {
        let error = try refusal {
            try build(
                users: [
                    .init(name: "nobody", id: 7, group: "root", home: "/", shell: "/bin/sh"),
                    .init(name: "etcd", id: 0, group: "root", home: "/", shell: "/bin/sh"),
                ],
                groups: [.init(name: "adm", id: 5), .init(name: "new", id: 42)])
        }
        #expect(error?.code == .conflict)
        #expect(
            error?.message == "cannot add the image's users and groups: group adm exists with number 4; number 42 of "
                + "group new belongs to shadow; user nobody exists with number 65534; number 0 of user etcd belongs to root"
        )
    }

    @Test func `an unknown group and text that would create other accounts are refused`() throws {
        let user = Definition.User(name: "etcd", id: 999, group: "nogroup", home: "/", shell: "/bin/sh")
        for change: (inout Definition.User) -> Void in [
            { $0.group = "etcd" }, { $0.name = "a:b" }, { $0.home = "/\nroot::0:0::/:/bin/sh" }, { $0.shell = "" },
        ] {
            var changed = user
            change(&changed)
            #expect(try refusal { try build(users: [changed]) }?.code == .invalidInput)
        }
        #expect(try refusal { try build(users: [user]) } == nil)
    }

    @Test func `a master with a broken line is refused`() throws {
        let effect = MaintainerScripts.Effect.directory(try EntryPath("x"), mode: 0o755, user: "mail", group: "root")
        let packages = [try package("one", scripts: ["postinst": "x"], [("etc/passwd", file("mail:*:8\n"))])]
        let error = try refusal { try root(of: packages, effects: ["one": [effect]]).build(packages) }
        #expect(error?.message.contains("the line of mail in /etc/passwd has 3 fields, not 7") == true)
    }
}
