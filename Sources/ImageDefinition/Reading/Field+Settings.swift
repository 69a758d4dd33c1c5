import OCIModel

extension Field {
    func settings() -> Definition.Settings? {
        guard let section = section(.config) else { return nil }
        var settings = Definition.Settings()
        settings.user = section["user"]?.text("a user", like: "etcd, 1000 or 1000:1000") { text in
            (1...65).contains(text.utf8.count)
                && text.utf8.allSatisfy { isAlphanumeric($0) || "._-:".utf8.contains($0) }
        }
        settings.ports = section["ports"]?.list().distinct { $0.port() } ?? []
        settings.environment = section["environment"]?.environment() ?? []
        settings.entrypoint = section["entrypoint"]?.words()
        settings.command = section["command"]?.words()
        settings.volumes = section["volumes"]?.list().distinct { $0.path()?.description } ?? []
        settings.workingDirectory = section["working-directory"]?.workingDirectory()
        settings.stopSignal = section["stop-signal"]?.signal()
        settings.healthcheck = section["healthcheck"]?.healthcheck()
        return settings
    }

    /// Reads a port; `2379` and `2379/tcp` are the same one.
    private func port() -> String? {
        let known = ["tcp", "udp", "sctp"]
        guard let text = text() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let number = parts.first.flatMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16($0) : nil }
        guard let number, number > 0, parts.count <= 2 else {
            report("'\(text)' is not a port", hint: "a port is a number from 1 to 65535: 2379 or 2379/tcp")
            return nil
        }
        let scheme = parts.count == 2 ? String(parts[1]) : "tcp"
        guard known.contains(scheme) else {
            report("unknown protocol '\(scheme)'", hint: Spelling.hint(for: scheme, among: known))
            return nil
        }
        return "\(number)/\(scheme)"
    }

    private func environment() -> [String] {
        entries().compactMap { key, value -> String? in
            let name = key.text("a variable's name", like: "ETCD_DATA_DIR") { text in
                !text.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
                    && !(text.utf8.first.map { (0x30...0x39).contains($0) } ?? true)
            }
            guard let text = value.text(), let name else { return nil }
            do throws(VariableText.Malformed) { _ = try VariableText(text) } catch {
                value.report(error.message, hint: "write ${NAME} for a variable, and $$ for a dollar sign")
            }
            return "\(name)=\(text)"
        }
    }

    /// Reads the words of a command. A single text is refused, because whether a shell would split it can only be
    /// guessed.
    private func words() -> [String]? {
        if case .scalar(let text, _) = node.value, !node.isNothing {
            report(
                "'\(name)' must be a list of words, not a single text", hint: "write [\"/bin/sh\", \"-c\", \"\(text)\"]"
            )
            return nil
        }
        return list().compactMap { $0.text() }
    }

    private func workingDirectory() -> String? {
        // The root directory, which path() refuses, is a working directory like any other.
        if case .scalar("/", _) = node.value { return "/" }
        return path()?.description
    }

    /// Reads a signal by name or number; a real-time signal by its number only.
    private func signal() -> String? {
        if case .scalar(let text, isPlain: true) = node.value, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return integer(in: 1...64).map { "\($0)" }
        }
        return choice("signal", among: Self.signals)
    }

    static let signals = [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
        "SIGSYS",
    ]

    private func healthcheck() -> ImageConfig.Healthcheck? {
        guard let section = section(.healthcheck) else { return nil }
        let test = section["test"]?.words() ?? []
        if let kind = test.first { section["test"]?.checkHealthcheck(kind, wordCount: test.count) }
        return ImageConfig.Healthcheck(
            test: test, interval: section["interval"]?.duration(), timeout: section["timeout"]?.duration(),
            startPeriod: section["start-period"]?.duration(), startInterval: section["start-interval"]?.duration(),
            retries: section["retries"]?.integer(in: 1...1000))
    }

    private func checkHealthcheck(_ kind: String, wordCount: Int) {
        let known = ["CMD", "CMD-SHELL", "NONE"]
        switch kind {
        case "CMD" where wordCount < 2: report("'CMD' needs a command after it")
        case "CMD-SHELL" where wordCount != 2: report("'CMD-SHELL' needs one command line after it")
        case "NONE" where wordCount != 1: report("'NONE' must be the only word")
        case _ where !known.contains(kind):
            report("unknown kind of health check '\(kind)'", hint: Spelling.hint(for: kind, among: known))
        default: break
        }
    }
}
