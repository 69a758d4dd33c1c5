package import OCIModel

/// What each audited maintainer script would have done. None is ever run; a script that is not here, or has changed,
/// stops the build.
package struct MaintainerScripts: Hashable, Sendable {
    /// The scripts that act when a package is installed.
    package enum Kind: String, Hashable, Sendable, CaseIterable { case preinst, postinst }

    package struct Script: Hashable, Sendable {
        /// Digests of the script's text that were read and found to have these effects.
        package var sha256: [Digest]
        /// Why these effects are the whole of it, in one sentence.
        package var why: String
        package var effects: [Effect]
        package init(sha256: [Digest], why: String, effects: [Effect]) {
            self.sha256 = sha256
            self.why = why
            self.effects = effects
        }
    }

    /// One declared effect. Owners are names, looked up in the image's own accounts.
    package enum Effect: Hashable, Sendable {
        case directory(EntryPath, mode: UInt16, user: String, group: String)
        /// Not written where the path exists already, as the scripts do.
        case file(EntryPath, content: String, mode: UInt16, user: String, group: String)
        /// Not written where the path exists already.
        case copy(from: EntryPath, to: EntryPath, mode: UInt16?)
        case link(EntryPath, target: String)
        /// `link -> /etc/alternatives/<name> -> target`.
        case alternative(name: String, link: EntryPath, target: EntryPath)
        /// `/etc/passwd` and `/etc/group` from base-passwd's masters.
        case accounts(passwd: EntryPath, group: EntryPath)
        /// `/etc/shadow` and `/etc/gshadow` for the accounts, with the last change on the image's own day.
        case shadow
        /// All `*.crt` below `from`, in byte order of their paths, in one file.
        case certificates(from: EntryPath, bundle: EntryPath)
    }

    /// By package name, then by script.
    package var packages: [String: [Kind: Script]]

    package init(packages: [String: [Kind: Script]]) { self.packages = packages }
}
