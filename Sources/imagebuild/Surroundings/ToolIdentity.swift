/// The identity of this program, for the user and for the memory of what it made.
enum ToolIdentity {
    static let version = "0.1.0"

    /// Unlike that of any other build of this program: what other code made is never taken for this code's work.
    static var current: String { ([version] + [Terminal.programStamp].compactMap { $0 }).joined(separator: " ") }
}
