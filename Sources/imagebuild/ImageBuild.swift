import ArgumentParser
import ConfigurationFile
import DurableFiles
import SystemPackage

/// The command line: composition root, printing, exit codes.
@main
struct ImageBuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imagebuild",
        abstract: "Build container images for several architectures, without Docker, root or emulation.",
        discussion: """
            An image is a folder with an image.yaml; IMAGE is its path, or its name under images/. The result goes to \
            standard output, progress to standard error.

            EXAMPLES
              imagebuild build etcd --arch ppc64le    one platform
              imagebuild build etcd --all             every platform of the definition, in one index
              imagebuild lock etcd                    pin every input anew
              imagebuild test etcd                    run the image's own tests in it
              imagebuild push etcd registry.example.org/k8s/etcd
                                                      every platform and the index, tags last
              imagebuild copy oci:etcd registry.example.org/k8s/etcd
              imagebuild mirror mirror.yaml           copies of images in registries, kept up to date
              imagebuild release plan etcd.yaml --version v3.6.14
                                                      what a release of a program would be
              imagebuild inspect etcd --file /usr/local/bin/etcd
                                                      which input put a file there
              imagebuild registry serve               a registry on this machine

            EXIT CODES
              0 done, 1 failed, 2 the input was refused, 3 not proven (lock --check), 64 usage, 130 interrupted
            """,
        version: ToolIdentity.version,
        subcommands: [
            Build.self, LockCommand.self, TestCommand.self, Push.self, CopyCommand.self, Mirror.self,
            ReleaseCommand.self, Inspect.self, Store.self, Registry.self,
            Login.self, Logout.self,
        ])

    /// Swift reads the command's arguments from `/proc`, without which every command would look like none, and its
    /// scheduler ends the process sooner or later if it finds no `/proc`.
    private static func requireProcessFiles() throws {
        guard FileSystem.regularFileSize("/proc/self/stat") == nil else { return }
        throw CommandError(
            message: "cannot run without /proc, which is not mounted here", hint: "run: mount -t proc proc /proc")
    }

    /// Says of a misspelt command what it may have meant.
    private static func requireKnownCommand() throws {
        guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-") else { return }
        let known = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard !known.contains(word), word != "help" else { return }
        let hint = Spelling.hint(for: word, among: known) ?? "known: " + known.joined(separator: ", ")
        throw ValidationError("Unknown command '\(word)': \(hint)")
    }

    static func main() async {
        do {
            try Self.requireProcessFiles()
            try Surroundings.requireText()
            try Self.requireKnownCommand()
            try Self.requireEachValue(of: Array(CommandLine.arguments.dropFirst()))
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error where Failure.isOurs(error) {
            Failure(error).exit()
        } catch {
            exit(withError: error)
        }
    }
}
