/// An error that explains why an executable file could not be read.
package struct ExecutableError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// An ELF file ends too early or contradicts itself.
        case malformedELF
        /// A PE file ends too early or contradicts itself.
        case malformedPE
        /// A Mach-O file ends too early or contradicts itself, or is not a single program.
        case malformedMachO
        /// The file's bytes could not be read.
        case unreadable
    }

    package var code: Code
    /// A description of the problem, in lower case and without a full stop, with the file as its subject: "ends within
    /// its ELF header".
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
