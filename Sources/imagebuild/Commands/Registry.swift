import ArgumentParser
import DurableFiles
import Logging
import OCIContent
import RegistryServer
import SystemPackage

struct Registry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "Serve images over the distribution protocol, or find out what a registry does.",
        discussion: """
            EXAMPLES
              imagebuild registry serve --port 5000
              imagebuild registry probe registry.example.org/etcd
            """,
        subcommands: [Serve.self, RegistryProbeCommand.self])

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "serve",
            abstract: "Serve a registry until interrupted.",
            discussion: """
                Prints the registry's address when it is ready. Without --root, images lie in the store, and blobs that a \
                build put there need not be sent again. Without --users anybody may pull and push: only this machine, \
                unless --address says otherwise.

                EXAMPLES
                  imagebuild registry serve                    on 127.0.0.1:5000, from the store
                  imagebuild registry serve --port 0 --root /srv/images
                  imagebuild registry serve --root /srv/images --read-only
                  htpasswd -B -c users me && imagebuild registry serve --users users --token
                  imagebuild registry serve --address 0.0.0.0 --tls-certificate tls.crt --tls-key tls.key --users users
                """)

        @Option(help: "Port; 0 for any that is free.")
        var port = 5000
        @Option(help: "Address to listen on.")
        var address = "127.0.0.1"
        @Option(help: ArgumentHelp("Folder of the registry. Default: in the store.", valueName: "dir"))
        var root: String?
        @Flag(help: "Refuse every change.")
        var readOnly = false
        @Flag(help: "Take manifests that refer to what is not there.")
        var allowSparse = false
        @Option(help: ArgumentHelp("Certificate, with those between it and the root; PEM.", valueName: "file"))
        var tlsCertificate: String?
        @Option(help: ArgumentHelp("Its key; PEM, unencrypted.", valueName: "file"))
        var tlsKey: String?
        @Option(
            help: ArgumentHelp("Who may pull and push: user:hash lines, as htpasswd -B writes them.", valueName: "file")
        )
        var users: String?
        @Flag(help: "Have users trade their password for tokens, at /token, instead of sending it each time.")
        var token = false
        @Flag(help: "Believe a proxy in front about the scheme and address of its clients (X-Forwarded-Proto, -For).")
        var behindProxy = false
        @Option(
            help: ArgumentHelp(
                "Append a line for each request, in the combined format of web servers; - for standard error.",
                valueName: "file"))
        var accessLog: String?
        @OptionGroup var storeOptions: StoreOptions

        func validate() throws {
            guard (0...65535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535.") }
            guard (tlsCertificate == nil) == (tlsKey == nil) else {
                throw ValidationError("--tls-certificate and --tls-key need each other.")
            }
            guard !token || users != nil else { throw ValidationError("--token needs --users.") }
        }

        func run() async throws {
            try await withConsole { _ in try await self.serve() }
        }

        private func serve() async throws {
            var logger = Logger(label: "registry") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .error
            let configuration = try configuration()
            warnIfOpen(configuration)
            let storage = try await storage()
            let claim = try storage.claim(to: "serve \(storage.root)")
            defer { withExtendedLifetime(claim) {} }
            try await RegistryServer.run(storage, configuration, logger: logger) { port in
                print("\(configuration.tls == nil ? "http" : "https")://\(configuration.host(port))")
                Terminal.flush()
            }
        }

        /// Warns where anybody who reaches this machine may push.
        private func warnIfOpen(_ configuration: RegistryConfiguration) {
            guard case .open = configuration.access, !configuration.isLoopback else { return }
            let what = readOnly ? "pull" : "pull and push"
            Console(environment: Surroundings.environment).warn(
                "anybody who reaches \(address) may \(what); --users says who may, --address 127.0.0.1 lets nobody in")
        }

        /// Opens the log of requests.
        private func log(_ path: String) throws -> AccessLog {
            let path = path == "-" ? "/dev/stderr" : Self.path(path)
            let file =
                try path == "/dev/stderr"
                ? FileDescriptor.standardError
                : FileSystem.open(
                    path, .writeOnly, "cannot write the access log \(path)", options: [.create, .append],
                    permissions: [.ownerReadWrite, .groupRead])
            return AccessLog { line in _ = try? file.writeAll("\(line)\n".utf8) }
        }

        private func storage() async throws -> RegistryStorage {
            if let root {
                let path = Self.path(root)
                try RegistryStorage.requireOwn(path)
                return try RegistryStorage(root: path)
            }
            let store = try await ContentStore.open(root: storeOptions.path())
            return try RegistryStorage(of: store)
        }

        private func configuration() throws -> RegistryConfiguration {
            var configuration = RegistryConfiguration(
                address: address, port: port, now: { Surroundings.now }, random: { .random(in: .min ... .max) })
            configuration.limits.fit(openFiles: OpenFileLimit.raise())
            configuration.isReadOnly = readOnly
            configuration.allowsSparse = allowSparse
            configuration.trustsProxy = behindProxy
            configuration.accessLog = try accessLog.map(log)
            if let tlsCertificate, let tlsKey {
                try configuration.useTLS(certificate: Self.path(tlsCertificate), key: Self.path(tlsKey))
            }
            if let users {
                let path = Self.path(users)
                guard let text = try FileSystem.read(path, limit: 1 << 20) else {
                    throw CommandError(
                        message: "there is no file of users \(path)", hint: "make it with 'htpasswd -B -c'")
                }
                let file = try PasswordFile(parsing: String(decoding: text, as: UTF8.self))
                let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
                configuration.access = token ? .bearer(file, TokenSettings(secret: secret)) : .basic(file)
            }
            return configuration
        }

        private static func path(_ text: String) -> FilePath {
            Surroundings.currentFolder.pushing(FilePath(text)).lexicallyNormalized()
        }
    }
}
