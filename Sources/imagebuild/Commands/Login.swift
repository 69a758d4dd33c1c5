import ArgumentParser
import OCIModel
import OCIRegistry

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Check a login with a registry, and keep it where other tools find it too.",
        discussion: """
            It is kept in $REGISTRY_AUTH_FILE where that is set, else in the file that has one for the registry now, else \
            in the first that there is of $XDG_RUNTIME_DIR/containers/auth.json, $XDG_CONFIG_HOME/containers/auth.json and \
            $DOCKER_CONFIG/config.json, else in the last of these; or by the credential helper that the file names.

            EXAMPLES
              imagebuild login ghcr.io --username me            asks for the password
              pass show ghcr | imagebuild login ghcr.io --username me --password-stdin
            """)

    @Argument(help: ArgumentHelp("The registry, as in references: docker.io, localhost:5000.", valueName: "host"))
    var host: String
    @Option(name: [.short, .long], help: ArgumentHelp("User. Without it, it is asked for.", valueName: "user"))
    var username: String?
    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false
    @OptionGroup var registries: RegistryOptions

    func run() async throws {
        try await withConsole { try await self.login($0) }
    }

    private func login(_ console: Console) async throws {
        let registry = try RegistryHost(host)
        let user = try username ?? Self.asked("User for \(registry): ", isSecret: false)
        let password =
            try passwordStdin
            ? LoginOptions.passwordFromInput() : Self.asked("Password for \(user) at \(registry): ", isSecret: true)
        let login = RegistryLogin(user: user, password: password)
        var sources = RegistryOptions.sources()
        sources.explicit = [registry: login]
        let settings = try registries.settings(sources, console)
        try await RegistryNetwork.withNetwork(settings) { network in
            try await network.connection(to: registry).check()
        }
        let place = try await sources.keep(login, for: registry)
        print("logged in to \(registry); the login is in \(place)")
    }

    /// Returns what the user types; a secret is not shown.
    private static func asked(_ question: String, isSecret: Bool) throws -> String {
        guard Terminal.isTerminal(0) else {
            throw CommandError(
                message: "there is no terminal to ask at",
                hint: "give --username, and --password-stdin with the password")
        }
        let answer = try Terminal.answer(to: question, isSecret: isSecret)
        guard !answer.isEmpty else { throw CommandError(message: "nothing was typed") }
        return answer
    }
}

struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Forget the logins for a registry, wherever they are kept.",
        discussion: """
            EXAMPLE
              imagebuild logout ghcr.io
            """)

    @Argument(help: ArgumentHelp("The registry, as in references: docker.io, localhost:5000.", valueName: "host"))
    var host: String

    func run() async throws {
        let registry = try RegistryHost(host)
        let places = try await RegistryOptions.sources().forget(registry)
        guard !places.isEmpty else { throw CommandError(message: "there is no login for \(registry)") }
        print("logged out of \(registry); the login was in \(places.joined(separator: ", "))")
    }
}
