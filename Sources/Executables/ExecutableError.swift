/// Why an executable file could not be read.
package struct ExecutableError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        /// An ELF file breaks off or contradicts itself.
        case malformedELF
        /// A PE file breaks off or contradicts itself.
        case malformedPE
        /// The file's bytes could not be had.
        case unreadable
    }

    package var code: Code
    /// What is wrong, lower-case, without a full stop; the file is the subject: "ends within its ELF header".
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
