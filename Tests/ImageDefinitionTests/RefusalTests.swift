import ImageDefinition
import Testing

/// Tests of every refusal of a definition's content; `▶` marks the expected position.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var message: String
        var hint: String?
        init(_ text: String, _ message: String, _ hint: String? = nil) {
            (self.text, self.message, self.hint) = (text, message, hint)
        }
        var testDescription: String { message }
    }

    @Test(arguments: keys + packages + bundles) func `invalid packages and bundles are refused`(_ refusal: Case) {
        expectRefusal(head + refusal.text, (refusal.message, refusal.hint))
    }

    @Test(arguments: contents + settings + labels) func `invalid contents and settings are refused`(
        _ refusal: Case
    ) {
        expectRefusal(head + refusal.text, (refusal.message, refusal.hint))
    }

    static let keys = [
        Case("▶labls: {}\n", "unknown key 'labls'", "did you mean 'labels'?"),
        Case("▶annotation: {}\n", "unknown key 'annotation'", "did you mean 'annotations'?"),
        Case("config: {▶env: {}}\n", "unknown key 'env' in 'config'", "did you mean 'environment'?"),
        Case("config: {▶[a]: b}\n", "a key must be text, not a list"),
        Case("config: ▶[]\n", "'config' must be a mapping, not a list", "give it the keys " + settingsKeys),
        Case("config:▶\n", "'config' has no value", "give it the keys " + settingsKeys),
        Case("revision: ▶-1\n", "'revision' must be a number, not '-1'"),
        Case("revision: ▶\"1\"\n", "'revision' must be a number, not '1'"),
        Case(
            "revision: ▶99999999999999999999\n", "'revision' is 99999999999999999999, which is not between 0 and 999999"
        ),
        Case("revision: ▶{}\n", "'revision' must be a number, not a mapping"),
        Case("compression: ▶gzp\n", "unknown compression 'gzp'", "did you mean 'gzip'?"),
    ]

    static let settingsKeys =
        "user, ports, environment, entrypoint, command, volumes, working-directory, stop-signal, healthcheck"
    static let debian = "debian:\n  suites: [trixie]\n  maintainer-scripts: s.yaml\n  packages: "

    static let packages = [
        Case("debian: ▶{suites: [trixie], maintainer-scripts: s}\n", "the key 'packages' is missing in 'debian'"),
        Case(debian + "▶[]\n", "'debian.packages' is an empty list"),
        Case(debian + "▶libc6\n", "'debian.packages' must be a list, not 'libc6'"),
        Case(
            debian + "[▶Libc6]\n", "'Libc6' is not a Debian package name", "a Debian package name looks like libc6"),
        Case(debian + "[libc6, ▶libc6]\n", "the package 'libc6' is listed twice", "keep one of the entries"),
        Case(
            debian + "[{name: libc6, dependencies: ▶no}]\n",
            "'debian.packages[0].dependencies' must be true or false, not 'no'"),
        Case(
            debian + "[libc6]\n  exclude: [▶usr/share/man]\n", "'usr/share/man' is not a pattern of absolute paths",
            "a pattern of absolute paths looks like /usr/share/man/** or !/usr/share/doc/*/copyright"),
        Case(
            debian + "[libc6]\n  accept-expired: [▶trixe]\n", "the suite 'trixe' is not used by this image",
            "did you mean 'trixie'?"),
        Case(
            debian + "[libc6]\n  accept-missing: [▶trixe/amd64]\n", "the suite 'trixe' is not used by this image",
            "did you mean 'trixie'?"),
        Case(
            debian + "[libc6]\n  accept-missing: [▶trixie/amd46]\n",
            "the architecture 'amd46' is not one of this image's platforms", "did you mean 'amd64'?"),
        Case(
            debian + "[libc6]\n  accept-missing: [▶trixie/ppc64le]\n",
            "the architecture 'ppc64le' is not one of this image's platforms", "known: amd64"),
        Case(
            debian + "[libc6]\n  accept-missing: [▶trixie]\n", "'trixie' is not a suite and an architecture",
            "a suite and an architecture looks like trixie-security/ppc64le"),
        Case(
            debian + "[libc6]\n  accept-missing: [▶trixie/amd64/..]\n",
            "'trixie/amd64/..' is not a suite and an architecture",
            "a suite and an architecture looks like trixie-security/ppc64le"),
        Case(
            debian + "[libc6]\n  accept-missing: [trixie/amd64, ▶trixie/amd64]\n",
            "'debian.accept-missing[1]' repeats an earlier entry: trixie/amd64", "remove it"),
        Case(
            debian + "[libc6]\n  accept-missing: ▶trixie/amd64\n",
            "'debian.accept-missing' must be a list, not 'trixie/amd64'"),
        Case(
            "debian: {suites: [▶a/../b], maintainer-scripts: s, packages: [libc6]}\n", "'a/../b' is not a suite",
            "a suite looks like trixie or trixie-security"
        ),
        Case(
            "debian: {suites: [a, ▶a], maintainer-scripts: s, packages: [libc6]}\n",
            "'debian.suites[1]' repeats an earlier entry: a", "remove it"),
        Case(
            "debian: {suites: [a], maintainer-scripts: ▶/etc/s, packages: [libc6]}\n",
            "the path '/etc/s' is not relative to the image's folder", "write it as files/name"),
        Case(
            "base: {image: r/a, digest: ▶sha256:00}\n", "'00' is not 64 lower-case hexadecimal digits",
            "write 'sha256:' and 64 hexadecimal digits"),
        Case(
            "base: {image: ▶alpine, digest: sha256:\(String(repeating: "0", count: 64))}\n",
            "'alpine' is not an image reference",
            "an image reference looks like registry.example/repository:tag or oci:FOLDER"),
        Case(
            "base: {image: r/a, digest: sha256:\(String(repeating: "0", count: 64))}\n"
                + "groups: ▶[{name: x, id: 7}]\n",
            "'groups' is only allowed with 'debian': a base image has its own accounts",
            "name one of those accounts in 'config.user', or give a number"),
        Case(
            debian + "[libc6]\nbase: ▶{image: r/a, digest: sha256:\(String(repeating: "0", count: 64))}\n",
            "'debian' and 'base' are mutually exclusive", "keep the one that the image is based on"),
    ]

    static func bundle(_ versions: String, since: String = "\"1\"", mode: String = "\"0555\"") -> String {
        "bundle:\n  directory: /bin\n  mode: \(mode)\n  programs: {a: {package: pa, file: /a, since: \(since)}}\n  versions: \(versions)\n"
    }

    static let bundles = [
        Case(
            bundle("[{version: 3.5.1, suites: [a]}, {version: ▶3.4.9, suites: [a]}]"),
            "the version 3.4.9 comes after 3.5.1", "list the versions in ascending order, the newest last"),
        Case(
            bundle("[{version: 3.10, suites: [a]}, {version: ▶3.9, suites: [a]}]"), "the version 3.9 comes after 3.10",
            "list the versions in ascending order, the newest last"),
        Case(
            bundle("[{version: 3.4.9, suites: [a]}, {version: ▶3.4.9, suites: [a]}]"),
            "the version 3.4.9 is listed twice", "keep one of the entries"),
        Case(bundle("[{version: ▶v3.5, suites: [a]}]"), "'v3.5' is not a version", "a version looks like 3.5.16"),
        Case(
            bundle("[{version: ▶99999999999.1, suites: [a]}]"), "'99999999999.1' is not a version",
            "a version looks like 3.5.16"),
        Case(
            bundle("[{version: 3.4.9, suites: [a]}]", since: "▶\"3.5\""),
            "no bundled version has this program: 3.5 is newer than 3.4.9",
            "'since' is the first version that has the program"),
        Case(
            bundle("[{version: 3.4.9, suites: [a]}]", mode: "▶\"0855\""), "'0855' is not a mode in octal digits",
            "a mode in octal digits looks like \"0555\""),
        Case(bundle("▶[]"), "'bundle.versions' is an empty list"),
        Case(
            "bundle: {directory: ▶bin, mode: \"0555\", programs: {a: {package: pa, file: /a}}, versions: [{version: 1.0, suites: [a]}]}\n",
            "the path 'bin' is not absolute", "write it from the image's root: /usr/local/bin"),
        Case(
            "bundle: {directory: /bin, mode: \"0555\", programs: ▶{}, versions: [{version: 1.0, suites: [a]}]}\n",
            "'bundle.programs' is empty"),
        Case(
            "bundle: {directory: /bin, mode: \"0555\", programs: {▶../a: {package: pa, file: /a}}, versions: [{version: 1.0, suites: [a]}]}\n",
            "'../a' is not a program's name", "a program's name looks like etcdctl"),
    ]
}
