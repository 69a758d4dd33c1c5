import Executables
package import OCIModel

/// A rule of the consistency gate, by the name that a failure shows.
package enum GateRule: String, Hashable, Sendable, CaseIterable {
    /// A file's content could not be read, so nothing can be said about it.
    case unreadable
    /// A layer entry is a whiteout, a hard link without its target, or has no directory to be in.
    case layerEntry = "layer-entry"
    /// A directory of an upper layer would replace a symlink of a lower one.
    case layerReplacesSymlink = "layer-replaces-symlink"
    /// An entry of an upper layer lies below a symlink of a lower one that leads to no directory of the image.
    case layerBelowSymlink = "layer-below-symlink"
    case elfMalformed = "elf-malformed"
    /// Machine, class or byte order differ from the platform's.
    case elfMachine = "elf-machine"
    case elfInterpreter = "elf-interpreter"
    case elfLibrary = "elf-library"
    /// A Windows executable in an image of another system, or for another machine.
    case peMachine = "pe-machine"
    case peMalformed = "pe-malformed"
    case configDigest = "config-digest"
    case manifestDigest = "manifest-digest"
    case platformAgreement = "platform-agreement"
    case layerCount = "layer-count"
    /// A path, kind or mode differs between Linux platforms without being declared platform-specific.
    case platformDifference = "platform-difference"
    case tagVersion = "tag-version"
    case bundleFile = "bundle-file"
    case bundleVersion = "bundle-version"
    /// What vulnerability scanners need to recognise a Debian image and its packages.
    case scannerData = "scanner-data"
    case entrypoint
    /// The configuration names an account that the image does not have.
    case user
}

/// One violation found by the consistency gate; the image must not be tagged.
package struct GateFailure: Hashable, Sendable, CustomStringConvertible {
    /// `nil` where the image as a whole is meant.
    package var platform: Platform?
    package var path: EntryPath?
    package var rule: GateRule
    /// What is wrong, lower-case, without a full stop; names neither platform nor path.
    package var message: String

    package init(platform: Platform?, path: EntryPath? = nil, rule: GateRule, message: String) {
        self.platform = platform
        self.path = path
        self.rule = rule
        self.message = message
    }

    /// `linux/arm64 /usr/local/bin/etcd: is an ELF file for x86-64 (elf-machine)`.
    package var description: String {
        let subject = [platform?.description, path?.description].compactMap { $0 }.joined(separator: " ")
        return (subject.isEmpty ? "" : subject + ": ") + "\(message) (\(rule.rawValue))"
    }
}

/// A violation on its way to becoming a failure, once platform and path are known.
struct GateFault: Error {
    var rule: GateRule
    var message: String

    init(_ rule: GateRule, _ message: String) {
        self.rule = rule
        self.message = message
    }

    init(_ error: ExecutableError) {
        message = error.message
        switch error.code {
        case .malformedELF: rule = .elfMalformed
        case .malformedPE: rule = .peMalformed
        case .unreadable: rule = .unreadable
        }
    }
}
