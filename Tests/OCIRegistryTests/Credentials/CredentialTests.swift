import Foundation
import OCIModel
import OCIRegistry
import SystemPackage
import TestSupport
import Testing

/// A folder of logins, which is removed afterwards.
struct CredentialFolder {
    let path: URL

    static func using<Result>(_ body: (CredentialFolder) async throws -> Result) async throws -> Result {
        try await withTemporaryFolder { try await body(CredentialFolder(path: URL(filePath: $0.string))) }
    }

    func file(_ name: String) -> FilePath { FilePath(path.appending(path: name).path) }

    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> FilePath {
        let url = path.appending(path: name)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
        return FilePath(url.path)
    }

    func text(_ name: String) throws -> String { try String(contentsOf: path.appending(path: name), encoding: .utf8) }

    /// Writes a credential helper that records what it is told, and has one login.
    func helper(_ name: String, _ script: String) throws {
        try write("docker-credential-\(name)", "#!/bin/sh\n" + script, mode: 0o755)
    }

    func sources(_ files: String...) -> CredentialSources {
        CredentialSources(
            files: files.map(file), environment: ["PATH": "\(path.path):/usr/bin:/bin"], helperLimit: .hanging)
    }
}

@Suite struct CredentialTests {
    private func login(_ sources: CredentialSources, _ host: String, _ repository: RepositoryName? = nil) async throws
        -> RegistryLogin
    {
        try await sources.login(for: RegistryHost(host), repository: repository)
    }

    private static func auth(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    @Test func `the login of the most specific key is used`() async throws {
        try await CredentialFolder.using { folder in
            let entries = [
                "h.io": "a:1", "h.io/team": "b:2", "h.io/team/app": "c:3", "https://docker.example/v1/": "d:4",
            ]
            let text = entries.map { #""\#($0)":{"auth":"\#(Self.auth($1))"}"# }.joined(separator: ",")
            try folder.write("auth.json", #"{"auths":{\#(text)}}"#)
            let sources = folder.sources("auth.json")
            #expect(try await login(sources, "h.io", "team/app") == .password(user: "c", password: "3"))
            #expect(try await login(sources, "h.io", "team/application") == .password(user: "b", password: "2"))
            #expect(try await login(sources, "h.io", "teams") == .password(user: "a", password: "1"))
            #expect(try await login(sources, "h.io") == .password(user: "a", password: "1"))
            #expect(try await login(sources, "docker.example", "x") == .password(user: "d", password: "4"))
            #expect(try await login(sources, "h.io:443") == .anonymous)
            #expect(try await login(sources, "other.io") == .anonymous)
        }
    }

    @Test func `passwords and tokens are read in all their forms`() async throws {
        try await CredentialFolder.using { folder in
            try folder.write(
                "config.json",
                #"""
                {"auths":{
                  "https://index.docker.io/v1/":{"auth":"\#(Self.auth("hub:p:a:s\u{0}\u{0}"))"},
                  "token.io":{"auth":"\#(Self.auth("00000000:"))","identitytoken":"secret"},
                  "pseudo.io":{"auth":"\#(Self.auth("<token>:refresh"))"},
                  "plain.io":{"username":"u","password":"p"},
                  "bearer.io":{"auth":"\#(Self.auth("u:p"))","identitytoken":"x","registrytoken":"ready"},
                  "bent.io":{"registrytoken":"two words"},
                  "empty.io":{}, "wrong.io":{"auth":"***"}
                }}
                """#)
            let sources = folder.sources("missing.json", "config.json")
            #expect(try await login(sources, "docker.io", "library/x") == .password(user: "hub", password: "p:a:s"))
            #expect(try await login(sources, "token.io") == .identityToken("secret", user: "00000000"))
            #expect(try await login(sources, "pseudo.io") == .identityToken("refresh", user: nil))
            #expect(try await login(sources, "plain.io") == .password(user: "u", password: "p"))
            #expect(try await login(sources, "bearer.io") == .accessToken("ready"))
            #expect(try await login(sources, "empty.io") == .anonymous)
            for host in ["wrong.io", "bent.io"] {
                let error = try await refusal { try await login(sources, host) }
                #expect(error.code == .invalidConfiguration)
                #expect(error.message.contains("two words") == false)
            }
        }
    }

    @Test func `the first file with a login is used, and explicit logins before all files`() async throws {
        try await CredentialFolder.using { folder in
            try folder.write("a.json", #"{"auths":{"x.io":{}}}"#)
            try folder.write("b.json", #"{"auths":{"x.io":{"auth":"\#(Self.auth("b:b"))"}}}"#)
            try folder.write("c.json", #"{"auths":{"x.io":{"auth":"\#(Self.auth("c:c"))"}}}"#)
            var sources = folder.sources("a.json", "b.json", "c.json")
            #expect(try await login(sources, "x.io") == .password(user: "b", password: "b"))
            sources.explicit = [try RegistryHost("x.io"): RegistryLogin(user: "e", password: "e")]
            #expect(try await login(sources, "x.io") == .password(user: "e", password: "e"))
            #expect(try await login(sources, "y.io") == .anonymous)
        }
    }

    @Test func `login files are looked for where other tools keep them`() {
        let environment = [
            "REGISTRY_AUTH_FILE": "/r/auth.json", "XDG_RUNTIME_DIR": "/run/user/1", "HOME": "/home/u",
            "DOCKER_CONFIG": "",
        ]
        let files: [FilePath] = [
            "/r/auth.json", "/run/user/1/containers/auth.json", "/home/u/.config/containers/auth.json",
            "/home/u/.docker/config.json",
        ]
        #expect(CredentialSources.files(environment: environment) == files)
        #expect(CredentialSources.files(environment: [:]).isEmpty)
        #expect(CredentialSources.oldFile(environment: environment) == "/home/u/.dockercfg")
        #expect(CredentialSources.oldFile(environment: ["HOME": ""]) == nil)
    }

    @Test func `the file of Docker's first versions is read last, never written to, and can forget`() async throws {
        try await CredentialFolder.using { folder in
            try folder.write(
                ".dockercfg",
                #"{"https://x.io/v1/":{"auth":"\#(Self.auth("old:1"))","email":"e@x.io"},"y.io":{"auth":"eTp5"}}"#)
            var sources = folder.sources("config.json")
            sources.oldFile = folder.file(".dockercfg")
            let host = try RegistryHost("x.io")
            #expect(try await login(sources, "x.io", "a/b") == .password(user: "old", password: "1"))
            #expect(
                try await sources.keep(RegistryLogin(user: "new", password: "2"), for: host)
                    == folder.file("config.json").string)
            #expect(try await login(sources, "x.io") == .password(user: "new", password: "2"))
            #expect(try folder.text(".dockercfg").contains("e@x.io"))

            let places = [folder.file("config.json").string, folder.file(".dockercfg").string]
            #expect(try await sources.forget(host) == places)
            #expect(try await login(sources, "x.io") == .anonymous)
            #expect(try await login(sources, "y.io") == .password(user: "y", password: "y"))
        }
    }

    @Test(arguments: ["[]", "{", "\"x\"", "\u{0}"])
    func `a file that is not a JSON object is named`(text: String) async throws {
        try await CredentialFolder.using { folder in
            try folder.write("auth.json", text)
            let error = try await refusal { try await login(folder.sources("auth.json"), "x.io") }
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains("auth.json"))
        }
    }

    @Test func `a registry's own helper is asked before the general one`() async throws {
        try await CredentialFolder.using { folder in
            try folder.helper(
                "own", #"read host; echo "{\"ServerURL\":\"$host\",\"Username\":\"own\",\"Secret\":\"$1 $host\"}""#)
            try folder.helper("all", #"echo '{"ServerURL":"x","Username":"<token>","Secret":"id"}'"#)
            try folder.write("config.json", #"{"credsStore":"all","credHelpers":{"own.io":"own","docker.io":"own"}}"#)
            let sources = folder.sources("config.json")
            #expect(try await login(sources, "own.io") == .password(user: "own", password: "get own.io"))
            #expect(try await login(sources, "other.io") == .identityToken("id", user: nil))
            #expect(
                try await login(sources, "docker.io")
                    == .password(user: "own", password: "get https://index.docker.io/v1/"))
        }
    }

    @Test func `a helper without a login is not an error, but a failing one is`() async throws {
        try await CredentialFolder.using { folder in
            try folder.helper("none", "echo 'credentials not found in native keychain'; exit 1")
            try folder.helper("broken", "echo 'the keyring is locked'; exit 1")
            try folder.helper("garbage", "echo hello")
            try folder.write(
                "config.json",
                #"{"credHelpers":{"a.io":"none","b.io":"broken","c.io":"garbage","d.io":"missing","e.io":"../x"},"auths":{"a.io":{"auth":"\#(Self.auth("f:f"))"}}}"#
            )
            let sources = folder.sources("config.json")
            #expect(try await login(sources, "a.io") == .password(user: "f", password: "f"))
            let broken = try await refusal { try await login(sources, "b.io") }
            #expect(broken.message.contains("the keyring is locked"))
            for host in ["c.io", "d.io", "e.io"] {
                let error = try await refusal { try await login(sources, host) }
                #expect(error.code == .invalidConfiguration)
            }
        }
    }

    @Test func `a program that starts beside a helper does not inherit its input`() async throws {
        try await CredentialFolder.using { folder in
            @Sendable func inheritedPipes() async throws -> Set<Substring> {
                let list = ["/bin/sh", "-c", "exec readlink /proc/self/fd/*"]
                let lines = try await Program.run(list, in: Setting(folder: folder.path)).output.split(separator: "\n")
                return Set(lines.filter { $0.hasPrefix("pipe:") })
            }
            try folder.helper("all", #"cat > /dev/null; echo '{"Username":"u","Secret":"s"}'"#)
            try folder.write("config.json", #"{"credsStore":"all"}"#)
            let before = try await inheritedPipes()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask { _ = try await self.login(folder.sources("config.json"), "h\(number).io") }
                    group.addTask {
                        let inherited = try await inheritedPipes().subtracting(before)
                        #expect(inherited.isEmpty, "\(inherited)")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a helper that does not answer is terminated`() async throws {
        try await CredentialFolder.using { folder in
            try folder.helper("slow", "sleep 600 & sleep 600")
            try folder.helper("flood", "yes")
            try folder.write("config.json", #"{"credHelpers":{"a.io":"slow","b.io":"flood"}}"#)
            var sources = folder.sources("config.json")
            sources.helperLimit = .milliseconds(300)
            let error = try await refusal { [sources] in try await login(sources, "a.io") }
            #expect(error.message.contains("did not answer"))
            sources.helperLimit = .hanging
            _ = try await refusal { [sources] in try await login(sources, "b.io") }
        }
    }

    @Test func `a login is stored beside the file's other content, readable only by its owner`() async throws {
        try await CredentialFolder.using { folder in
            try folder.write(
                "config.json",
                #"{"HttpHeaders":{"X":"y"},"auths":{"https://x.io/v1/":{"auth":"old"},"y.io":{"auth":"eTp5"}}}"#,
                mode: 0o644)
            let sources = folder.sources("first.json", "config.json")
            let host = try RegistryHost("x.io")
            let place = try await sources.keep(RegistryLogin(user: "u", password: "p:w"), for: host)
            #expect(place == folder.file("config.json").string)
            #expect(try await login(sources, "x.io") == .password(user: "u", password: "p:w"))
            #expect(try await login(sources, "y.io") == .password(user: "y", password: "y"))
            #expect(try folder.text("config.json").contains("HttpHeaders"))
            let attributes = try FileManager.default.attributesOfItem(atPath: place)
            #expect(attributes[.posixPermissions] as? Int == 0o600)

            #expect(try await sources.forget(host) == [place])
            #expect(try await sources.forget(host).isEmpty)
            #expect(try await login(sources, "x.io") == .anonymous)
            #expect(try folder.text("config.json").contains("eTp5"))
        }
    }

    @Test func `a login is stored in the file that REGISTRY_AUTH_FILE names, even if it does not exist yet`()
        async throws
    {
        try await CredentialFolder.using { folder in
            try folder.write("config.json", #"{"auths":{"x.io":{"auth":"eTp5"}}}"#)
            var sources = folder.sources("own/auth.json", "config.json")
            sources.environment["REGISTRY_AUTH_FILE"] = folder.file("own/auth.json").string
            let place = try await sources.keep(RegistryLogin(user: "u", password: "p"), for: RegistryHost("x.io"))
            #expect(place == folder.file("own/auth.json").string)
            #expect(try folder.text("config.json").contains("eTp5"))
            #expect(try await login(sources, "x.io") == .password(user: "u", password: "p"))
        }
    }

    @Test func `the first login creates the file and its folder`() async throws {
        try await CredentialFolder.using { folder in
            let sources = folder.sources("run/containers/auth.json", "home/.docker/config.json")
            let place = try await sources.keep(RegistryLogin(user: "hub", password: "p"), for: .dockerHub)
            #expect(place == folder.file("home/.docker/config.json").string)
            #expect(try folder.text("home/.docker/config.json").contains("https://index.docker.io/v1/"))
            #expect(try await login(sources, "docker.io") == .password(user: "hub", password: "p"))
        }
    }

    @Test func `a helper stores and erases logins`() async throws {
        try await CredentialFolder.using { folder in
            try folder.helper(
                "box",
                """
                box=\(folder.file("box"))
                case $1 in
                store) cat > $box ;;
                get) if [ -f $box ]; then cat $box; else echo 'credentials not found'; exit 1; fi ;;
                erase) rm $box ;;
                esac
                """)
            try folder.write("config.json", #"{"credsStore":"box","auths":{"x.io":{}}}"#)
            let sources = folder.sources("config.json")
            let host = try RegistryHost("x.io")
            #expect(
                try await sources.keep(RegistryLogin(user: "u", password: "p"), for: host) == "docker-credential-box")
            #expect(try folder.text("box") == #"{"Secret":"p","ServerURL":"x.io","Username":"u"}"#)
            #expect(try folder.text("config.json").contains("\"p\"") == false)
            #expect(try await login(sources, "x.io") == .password(user: "u", password: "p"))
            #expect(try await sources.forget(host) == ["docker-credential-box"])
            #expect(try await login(sources, "x.io") == .anonymous)
        }
    }

    @Test func `helpers are looked for only in PATH, and there only in absolute folders`() async throws {
        try await CredentialFolder.using { folder in
            let odd = folder.path.appending(path: "docker-credential-..")
            try FileManager.default.createDirectory(at: odd, withIntermediateDirectories: true)
            try folder.write(
                "docker-credential-../x", "#!/bin/sh\necho '{\"Username\":\"u\",\"Secret\":\"s\"}'", mode: 0o755)
            try folder.helper("here", #"echo '{"Username":"u","Secret":"s"}'"#)
            try folder.write("config.json", #"{"credHelpers":{"a.io":"../x","b.io":"here"}}"#)
            var sources = folder.sources("config.json")
            #expect(try await login(sources, "b.io") == .password(user: "u", password: "s"))
            _ = try await refusal { [sources] in try await login(sources, "a.io") }
            sources.environment["PATH"] = String(repeating: "../", count: 30) + folder.path.path.dropFirst()
            _ = try await refusal { [sources] in try await login(sources, "b.io") }
        }
    }

    @Test func `a login too long for a helper and a file above the limit are refused`() async throws {
        try await CredentialFolder.using { folder in
            try folder.helper("box", "cat > /dev/null")
            try folder.write("config.json", #"{"credsStore":"box"}"#)
            let long = RegistryLogin(user: "u", password: String(repeating: "p", count: 40_000))
            let sources = folder.sources("config.json")
            let error = try await refusal { try await sources.keep(long, for: RegistryHost("x.io")) }
            #expect(error.message.contains("too long"))

            try folder.write("empty.json", "")
            #expect(try await login(folder.sources("empty.json"), "x.io") == .anonymous)
            try folder.write("large.json", "{}" + String(repeating: " ", count: 4 << 20))
            let large = try await refusal { try await login(folder.sources("large.json"), "x.io") }
            #expect(large.message.contains("too large"))
        }
    }
}
