extension RefusalTests {
    private static let fromRoot = "write it from the image's root: /usr/local/bin"

    static let contents = [
        Case(
            "directories: [{path: ▶/a/../b}]\n", "bad path: '/a/../b' leaves the root filesystem through '..'", fromRoot
        ),
        Case("directories: [{path: ▶//}]\n", "the path '//' is the root directory itself", fromRoot),
        Case(
            "directories: [{path: /a, mode: ▶rwx}]\n", "'rwx' is not a mode in octal digits",
            "a mode in octal digits looks like \"0555\""),
        Case(
            "directories: [{path: /a, owner: ▶root:root}]\n", "'root:root' is not an owner",
            "an owner is a user's and a group's number: \"0:0\""),
        Case(
            "directories: [{path: /a}, {path: ▶/a/}]\n", "the path '/a' is already filled by 'directories[0].path'",
            "keep one of the entries"),
        Case(
            "directories: [{path: /a}]\nlinks: [{path: ▶/a, target: b}]\n",
            "the path '/a' is already filled by 'directories[0].path'", "keep one of the entries"),
        Case(
            "directories: [{path: /a}]\nfiles: [{text: x, path: ▶/a}]\n",
            "the path '/a' is already filled by 'directories[0].path'", "keep one of the entries"),
        Case(
            "files: [{source: a, path: /a}, {source: b, path: ▶/a}]\n",
            "the path '/a' is already filled by 'files[0].path'", "keep one of the entries"),
        Case(
            "files: [{path: /a, member: m, archive: {urls: [\"http://a/b\"], ▶platforms: [linux/amd64]}}]\n",
            "'platforms' is only allowed in the bundle: a file is made for every platform",
            "remove it; 'system' restricts a file to linux or windows"),
        Case(
            bundle("[{version: 3.4.9, suites: [a]}]") + "links: [{path: ▶/bin/a-3.4.9, target: b}]\n",
            "the path '/bin/a-3.4.9' is already filled by the bundle", "keep one of the entries"),
        Case("files: [{▶sorce: a, path: /a}]\n", "unknown key 'sorce' in 'files[0]'", "did you mean 'source'?"),
        Case(
            "files: [{source: ▶/etc/shadow, path: /a}]\n",
            "the path '/etc/shadow' is not relative to the image's folder",
            "write it as files/name"),
        Case(
            "files: [{source: ▶a/../../b, path: /a}]\n", "the path 'a/../../b' leaves the image's folder through '..'",
            "move the file into the folder, or into a neighbour's: ../etcd/name"),
        Case("files: [{source: ▶\"${arc}\", path: /a}]\n", "unknown placeholder '${arc}'", "did you mean 'arch'?"),
        Case(
            debian + "[libc6]\nusers: [{name: ▶\"a:b\", id: 1, group: g}]\n", "'a:b' is not an account name",
            "an account name looks like etcd"),
        Case(
            debian + "[libc6]\nusers: [{name: a, id: 1, group: g, home: ▶\"/a:b\"}]\n",
            "the path '/a:b' contains a ':' or a line break, which /etc/passwd cannot hold"),
        Case(
            debian + "[libc6]\nusers: [{name: a, id: ▶4294967295, group: g}]\n",
            "'users[0].id' is 4294967295, which is not between 0 and 4294967294"),
        Case(
            debian + "[libc6]\ngroups: [{name: a, id: 1}, ▶{name: b, id: 1}]\n",
            "another group already has the name or number '1'",
            "give each group its own name and number"),
        Case(
            "links: [{path: /a, target: ▶\"\"}]\n", "'' is not a link's target",
            "a link's target looks like etcd or /usr/bin/etcd"),
        Case("links: [{path: /a, target: ▶\"a\\0b\"}]\n", "'links[0].target' contains a control character"),
    ]

    static let settings = [
        Case("config: {ports: [▶0]}\n", "'0' is not a port", "a port is a number from 1 to 65535: 2379 or 2379/tcp"),
        Case(
            "config: {ports: [▶65536]}\n", "'65536' is not a port",
            "a port is a number from 1 to 65535: 2379 or 2379/tcp"),
        Case("config: {ports: [▶1/tpc]}\n", "unknown protocol 'tpc'", "did you mean 'tcp'?"),
        Case(
            "config: {ports: [1, ▶1/tcp]}\n", "'config.ports[1]' repeats an earlier entry: 1/tcp", "remove it"),
        Case(
            "config: {environment: {▶A-B: c}}\n", "'A-B' is not a variable's name",
            "a variable's name looks like ETCD_DATA_DIR"),
        Case(
            "config: {environment: {A: ▶}}\n", "'config.environment.A' has no value",
            "give it text, or remove the key"),
        Case(
            "config: {environment: {A: ▶\"${B\"}}\n", "'${' is never closed by '}'",
            "write ${NAME} for a variable, and $$ for a dollar sign"),
        Case(
            "config: {environment: {A: ▶\"${B:-c}\"}}\n", "'${B:-c}' does not name a variable",
            "write ${NAME} for a variable, and $$ for a dollar sign"),
        Case(
            "users: ▶[{name: a, id: 1, group: g}]\n",
            "'users' is only allowed with 'debian', whose packages hold the other accounts",
            "write /etc/passwd and /etc/group under 'files', or give 'config.user' a number"),
        Case(
            "windows: ▶{base: r/a}\n", "'windows' is for Windows platforms, but the image has none",
            "remove it, or add windows/amd64"),
        Case(
            "config: {command: ▶echo hello}\n", "'config.command' must be a list of words, not a single text",
            "write [\"/bin/sh\", \"-c\", \"echo hello\"]"),
        Case("config: {stop-signal: ▶SIGTEM}\n", "unknown signal 'SIGTEM'", "did you mean 'SIGTERM'?"),
        Case("config: {stop-signal: ▶65}\n", "'config.stop-signal' is 65, which is not between 1 and 64"),
        Case(
            "config: {healthcheck: {test: [CMD, a], interval: ▶30}}\n", "'30' is not a duration between 1ms and 24h",
            "a duration looks like 30s or 1m30s"),
        Case(
            "config: {healthcheck: {test: [CMD, a], interval: ▶99999h99999h}}\n",
            "'99999h99999h' is not a duration between 1ms and 24h", "a duration looks like 30s or 1m30s"),
        Case(
            "config: {healthcheck: {test: ▶[CMDSHELL, a]}}\n", "unknown kind of health check 'CMDSHELL'",
            "did you mean 'CMD-SHELL'?"),
        Case("config: {healthcheck: {test: ▶[NONE, a]}}\n", "'NONE' must be the only word"),
        Case("config: {volumes: [▶data]}\n", "the path 'data' is not absolute", fromRoot),
        Case(
            "config: {user: ▶a b}\n", "'a b' is not a user", "a user looks like etcd, 1000 or 1000:1000"),
    ]

    static let labels = [
        Case("labels: {a: ▶\"${tags}\"}\n", "unknown placeholder '${tags}'", "did you mean 'tag'?"),
        Case("labels: {a: ▶\"${version}\"}\n", "unknown placeholder '${version}'", "known: revision, tag"),
        Case("labels: {a: ▶\"${tag\"}\n", "'${' is never closed by '}'"),
        Case("labels: {a: ▶[b]}\n", "'labels.a' must be text, not a list"),
        Case(
            "annotations: {▶org.opencontainers.image.created: now}\n",
            "the annotation 'org.opencontainers.image.created' is filled in by the build", "remove it"),
        Case("platform-specific: ▶/lib64\n", "'platform-specific' must be a list, not '/lib64'"),
    ]
}
