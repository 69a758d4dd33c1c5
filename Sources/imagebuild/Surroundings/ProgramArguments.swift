/// The program's arguments as the system handed them over. Swift's own `CommandLine` reads them from `/proc`, which is
/// not there in a plain chroot, and then says that there are none.
enum ProgramArguments {
    /// The arguments without the program's name.
    ///
    /// - Throws: `CommandError` if neither way yields even the name, so that a command never turns into another.
    static func read() throws -> [String] {
        var all = (0..<Int(count)).map { index in vector?[index].map { String(cString: $0) } ?? "" }
        // A C library that hands nothing to initialisers.
        if all.isEmpty { all = CommandLine.arguments }
        guard !all.isEmpty else {
            throw CommandError(
                status: .failed, message: "cannot read the command's arguments: /proc is not mounted",
                hint: "mount it: mount -t proc proc /proc")
        }
        return Array(all.dropFirst())
    }

    nonisolated(unsafe) private static var count: Int32 = 0
    nonisolated(unsafe) private static var vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?

    fileprivate static func keep(_ count: Int32, _ vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
        (self.count, self.vector) = (count, vector)
    }
}

/// The loader calls what stands in this section before `main`, with the arguments.
@section(".init_array") @used
private let keepArguments: @convention(c) (Int32, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Void = {
    ProgramArguments.keep($0, $1)
}
