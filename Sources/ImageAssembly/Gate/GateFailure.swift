import Executables
package import OCIModel

/// A rule of the consistency gate; the raw value is the name that a failure shows.
package enum GateRule: String, Hashable, Sendable, CaseIterable {
    /// A file's content could not be read, so it cannot be judged.
    case unreadable
    /// A layer entry is a whiteout, a hard link without its target, an entry without a directory to be in, or one whose
    /// name no file system can hold.
    case layerEntry = "layer-entry"
    /// A directory of an upper layer would replace a symlink of a lower one.
    case layerReplacesSymlink = "layer-replaces-symlink"
    /// An entry of an upper layer lies below a symlink of a lower one that does not lead to a directory of the image.
    case layerBelowSymlink = "layer-below-symlink"
    case elfMalformed = "elf-malformed"
    /// The machine, class or byte order differs from the platform's.
    case elfMachine = "elf-machine"
    case elfInterpreter = "elf-interpreter"
    case elfLibrary = "elf-library"
    /// A Windows executable is in an image of another operating system, or is for another machine.
    case peMachine = "pe-machine"
    case peMalformed = "pe-malformed"
    case configDigest = "config-digest"
    case manifestDigest = "manifest-digest"
    case platformAgreement = "platform-agreement"
    case layerCount = "layer-count"
    /// Nodes of a platform would take another image of the index, or none.
    case nodeChoice = "node-choice"
    /// A path, kind or mode differs between Linux platforms without being declared platform-specific.
    case platformDifference = "platform-difference"
    case tagVersion = "tag-version"
    case bundleFile = "bundle-file"
    case bundleVersion = "bundle-version"
    /// Something is missing or malformed that vulnerability scanners need to recognise a Debian image and its packages.
    case scannerData = "scanner-data"
    case entrypoint
    /// The configuration names an account that the image does not have.
    case user
}

/// A violation found by the consistency gate; the image must not be tagged.
package struct GateFailure: Hashable, Sendable, CustomStringConvertible {
    /// The platform, or `nil` if the image as a whole is at fault.
    package var platform: Platform?
    package var path: EntryPath?
    package var rule: GateRule
    /// A description of the violation, in lower case and without a full stop; it names neither platform nor path.
    package var message: String

    package init(platform: Platform?, path: EntryPath? = nil, rule: GateRule, message: String) {
        self.platform = platform
        self.path = path
        self.rule = rule
        self.message = message
    }

    /// The failure as a line of text: `linux/arm64 /usr/local/bin/etcd: is an ELF file for x86-64 (elf-machine)`.
    package var description: String {
        let subject = [platform?.description, path?.description].compactMap { $0 }.joined(separator: " ")
        return (subject.isEmpty ? "" : subject + ": ") + "\(message) (\(rule.rawValue))"
    }
}

/// A violation whose platform and path are still to be added.
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
        // No image is for macOS, and the gate reads no such file.
        case .malformedMachO, .unreadable: rule = .unreadable
        }
    }
}
