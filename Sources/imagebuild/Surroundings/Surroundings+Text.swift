import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension Surroundings {
    /// The folder as the system has it, whose name need not be text; empty if it is gone.
    static var currentFolder: FilePath {
        guard let path = getcwd(nil, 0) else { return FilePath() }
        defer { free(path) }
        return FilePath(platformString: path)
    }

    /// Refuses arguments and variables that are not UTF-8: Swift would replace their bytes, and a path would be another.
    ///
    /// - Throws: `CommandError` (`refused`).
    static func requireText() throws {
        func isText(_ text: UnsafePointer<CChar>) -> Bool { String(validatingCString: text) != nil }
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index], !isText(argument) else { continue }
            throw refused(
                "the argument '\(String(cString: argument))'",
                "a path that is not can be reached from inside its folder")
        }
        for (name, value) in environment where value.unicodeScalars.contains("\u{fffd}") && isPath(name) {
            guard let text = getenv(name), !isText(text) else { continue }
            throw refused("the variable \(name), '\(value)',", "set it to another path, or unset it")
        }
    }

    /// Whether a variable names a place that this program reads or writes.
    private static func isPath(_ name: String) -> Bool {
        name.hasPrefix("IMAGEBUILD_") || name.hasPrefix("XDG_")
            || ["HOME", "SSL_CERT_FILE", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG"].contains(name)
    }

    private static func refused(_ what: String, _ hint: String) -> CommandError {
        CommandError(status: .refused, message: "\(what) is not UTF-8", hint: hint)
    }
}
