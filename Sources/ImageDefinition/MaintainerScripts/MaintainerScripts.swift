package import OCIModel

/// The effects that each audited maintainer script would have.
///
/// No script is ever run; a script that is not listed, or has changed, stops the build.
package struct MaintainerScripts: Hashable, Sendable {
    /// The kinds of script that act when a package is installed.
    package enum Kind: String, Hashable, Sendable, CaseIterable { case preinst, postinst }

    package struct Script: Hashable, Sendable {
        /// The digests of the script's texts that were audited and found to have these effects.
        package var sha256: [Digest]
        /// The reason why these are all effects of the script, in one sentence.
        package var why: String
        package var effects: [Effect]
        package init(sha256: [Digest], why: String, effects: [Effect]) {
            self.sha256 = sha256
            self.why = why
            self.effects = effects
        }
    }

    /// A declared effect. Owners are names, which are looked up in the image's own accounts.
    package enum Effect: Hashable, Sendable {
        case directory(EntryPath, mode: UInt16, user: String, group: String)
        /// A file, which is not written if the path already exists, as in the scripts.
        case file(EntryPath, content: String, mode: UInt16, user: String, group: String)
        /// A copy of a file, which is not written if the path already exists.
        case copy(from: EntryPath, to: EntryPath, mode: UInt16?)
        case link(EntryPath, target: String)
        /// The links of an alternative: `link -> /etc/alternatives/<name> -> target`.
        case alternative(name: String, link: EntryPath, target: EntryPath)
        /// `/etc/passwd` and `/etc/group`, made from base-passwd's master files.
        case accounts(passwd: EntryPath, group: EntryPath)
        /// `/etc/shadow` and `/etc/gshadow` for the accounts; the day of the last change is the image's own.
        case shadow
        /// All `*.crt` below `from` in one file, in byte order of their paths.
        case certificates(from: EntryPath, bundle: EntryPath)
    }

    /// The scripts by package name and kind.
    package var packages: [String: [Kind: Script]]

    package init(packages: [String: [Kind: Script]]) { self.packages = packages }
}
