#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The C library, for this program: its terminal and its end. No other file of the command line imports it.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// The width and height of the terminal that standard error goes to, as they are now; 80 × 24 where it does not say.
    static var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes to standard error, all of it or as much as that takes. What was printed before stands before it where both
    /// streams go to one place.
    static func writeError(_ text: String) {
        flush()
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = write(2, rest.baseAddress, rest.count)
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// Hands on what was printed: whoever reads standard output through a pipe waits for it.
    static func flush() { fflush(nil) }

    /// Asks at the terminal, and returns what is typed; a secret is not shown.
    static func answer(to question: String, isSecret: Bool) throws -> String {
        var before = termios()
        tcgetattr(0, &before)
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        if isSecret { tcsetattr(0, TCSANOW, &hidden) }
        defer { if isSecret { tcsetattr(0, TCSANOW, &before) } }
        writeError(question)
        // Ctrl-C cancels the task, which a blocking read would not see; the terminal must be as it was by the end.
        var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        while poll(&input, 1, 100) <= 0 { try Task.checkCancellation() }
        let answer = readLine(strippingNewline: true) ?? ""
        if isSecret { writeError("\n") }
        return answer
    }

    /// Ends the process, after what was printed has been handed on.
    static func exit(_ status: ExitStatus) -> Never {
        #if canImport(Glibc)
            Glibc.exit(status.rawValue)
        #else
            Musl.exit(status.rawValue)
        #endif
    }

    /// Ends the process at once.
    static func exitAtOnce(_ status: ExitStatus) -> Never { _exit(status.rawValue) }

    /// The signals by which users stop a program. From here on they do nothing by themselves.
    static func takeStopSignals() -> [Int32] {
        [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return number
        }
    }

    /// The size and the time of last change of this program's own file, as text; `nil` where the system does not show it.
    static var programStamp: String? {
        var status = stat()
        guard stat("/proc/self/exe", &status) == 0 else { return nil }
        return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
