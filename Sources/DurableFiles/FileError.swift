package import SystemPackage

/// The reason why a file or folder could not be read or written.
package struct FileError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        case inputOutput, diskFull, readOnly
        /// The process, or the system, has as many files open as it may.
        case tooManyFiles
        /// The file is larger than its reader allows.
        case tooLarge
        /// Something that is neither a plain file nor a folder lies where only those belong.
        case notPlain
        /// Somebody else can change what must be this user's alone.
        case notPrivate
        /// Something is mounted there.
        case busy
        /// Another process holds what only one may.
        case inUse
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop.
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}

extension FileError {
    /// Wraps a system call's error with matching advice; `what` begins the message: `cannot write /srv/blob`.
    package init(_ errno: Errno, _ what: String, isReading: Bool = false) {
        switch errno {
        case .permissionDenied where isReading, .notPermitted where isReading:
            self.init(.inputOutput, "\(what): \(errno)", hint: "let this user read it")
        case .noSpace, .diskQuotaExceeded:
            self.init(.diskFull, "\(what): \(errno)", hint: "free some space or choose another folder")
        case .readOnlyFileSystem, .permissionDenied, .notPermitted:
            self.init(.readOnly, "\(what): \(errno)", hint: "choose a writable folder")
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
            self.init(.tooManyFiles, "\(what): \(errno)", hint: "raise the limit of open files (ulimit -n)")
        case .notDirectory, .noSuchFileOrDirectory:
            self.init(.inputOutput, "\(what): \(errno)", hint: "check the path")
        case .resourceBusy:
            self.init(
                .busy, "\(what): \(errno)", hint: "something is mounted there: unmount it, or choose another place")
        default: self.init(.inputOutput, "\(what): \(errno)")
        }
    }
}
