import DurableFiles
import NIOCore
import OCIContent
import OCIModel
import OCIRegistry
import RegistryServer
import RegistryTesting
import Scheduling
import StubHTTP
import SystemPackage
import TestSupport
import Testing

/// Tests of what one operation may wait for a registry in all.
@Suite struct PatienceTests {
    private enum Operation: CaseIterable { case request, document, tags, referrers, download, upload, tag }

    /// Runs an operation with a repository whose every request is answered with `steps`. Each request takes 25 seconds of
    /// a clock that otherwise stands still.
    private func fail(
        _ operation: Operation, _ steps: [StubServer.Step], idle: Duration = .milliseconds(200),
        _ check: (OCIRegistryError, StubServer, ConnectionFixture) throws -> Void
    ) async throws {
        let fixture = ConnectionFixture(stopsClock: true)
        try await StubServer.serving { _, _ in
            fixture.skip(.seconds(25))
            return steps
        } _: { server in
            let settings = fixture.settings { ($0.idle, $0.patience) = (idle, .seconds(60)) }
            let error = try await refusal {
                try await RegistryNetwork.withNetwork(settings) { network in
                    let connection = try network.connection(to: RegistryHost("127.0.0.1:\(server.port)"))
                    try await run(operation, connection)
                }
            }
            try check(error, server, fixture)
        }
    }

    private func run(_ operation: Operation, _ connection: RegistryConnection) async throws {
        let repository = RegistryRepository("a/b", over: connection)
        let (bytes, manifest) = (noise(1000), Array("{}".utf8))
        let source = MemorySource([bytes])
        switch operation {
        case .request: _ = try await connection.text(.get("/v2/"))
        case .document: _ = try await repository.resolve("1")
        case .tags: _ = try await repository.tags()
        case .referrers: _ = try await repository.referrers(of: Digest(of: bytes))
        case .download:
            try await repository.withBlob(Descriptor(of: bytes), from: 0) { body in
                guard case .stream(let pieces) = body else { return }
                for try await _ in pieces {}
            }
        case .upload: try await repository.putBlob(Descriptor(of: bytes), from: source)
        case .tag: try await repository.tag(manifest, as: Descriptor(of: manifest, .manifest), named: "1")
        }
    }

    @Test func `attempts that bring nothing of a body are given up, although the server answers`() async throws {
        let fixture = ConnectionFixture(stopsClock: true)
        let patience = Patience(limit: .seconds(60), longestWait: .seconds(60), time: fixture.settings().time)
        patience.progress()
        for attempt in 1...2 {
            #expect(!patience.isExhausted, "\(attempt)")
            let began = patience.now
            fixture.skip(.seconds(60))
            // The answer's head comes at once, and nothing after it.
            patience.progress()
            patience.waste(since: began)
        }
        #expect(patience.isExhausted)
    }

    @Test func `a document that only drips is asked for twice at most`() async throws {
        let fixture = ConnectionFixture(stopsClock: true)
        var settings = fixture.settings { $0.patience = .seconds(60) }
        // Five seconds pass with each look at the clock, so with each piece that is waited for: a loaded machine reads many
        // drips as one piece, and the body must not end before a minute has passed.
        settings.time.now = { [now = settings.time.now] in
            fixture.skip(.seconds(5))
            return now()
        }
        try await StubServer.serving { _, _ in
            let drip = [StubServer.Step.pause(.milliseconds(1)), .send([1])]
            return .begin(noise(10_000), sending: 1) + (0..<9000).flatMap { _ in drip } + [.close]
        } _: { [settings] server in
            let error = try await refusal {
                try await RegistryNetwork.withNetwork(settings) { network in
                    try await run(.document, network.connection(to: RegistryHost("127.0.0.1:\(server.port)")))
                }
            }
            #expect(error.code == .interrupted && error.message.contains("only"), "\(error.message)")
            #expect(server.requests.count <= 2)
        }
    }

    @Test(arguments: Operation.allCases)
    private func `a registry that accepts and never answers is given up within a minute in all`(operation: Operation)
        async throws
    {
        try await fail(operation, [.pause(.hanging)]) { error, server, fixture in
            #expect(error.code == .interrupted)
            #expect(server.requests.count <= 3, "\(server.requests)")
            let host = "127.0.0.1:\(server.port)"
            #expect(fixture.notes.prefix(1) == ["waiting for \(host), attempt 2 of 6"], "\(fixture.notes)")
            #expect(fixture.notes.count == server.requests.count - 1)
        }
    }

    @Test(arguments: Operation.allCases)
    private func `what broke at every attempt is not attempted again by the layers above`(operation: Operation)
        async throws
    {
        try await fail(operation, [.reset], idle: .hanging) { error, server, _ in
            #expect(error.code == .interrupted)
            #expect(server.requests.count <= 3, "\(server.requests)")
        }
    }

    @Test(arguments: Operation.allCases)
    private func `an answer that is not HTTP is not asked for again`(operation: Operation) async throws {
        try await fail(operation, [.send(Array("220 mail ESMTP\r\n".utf8)), .close], idle: .hanging) {
            error, server, _ in
            #expect(error.code == .protocolViolation, "\(error)")
            #expect(error.message.contains("not HTTP"), "\(error)")
            // Without a usable answer, referrers are looked for under a tag: another question.
            let targets = server.requests.map(\.target)
            #expect(targets.count == Set(targets).count && targets.count <= 2, "\(targets)")
        }
    }

    @Test func `a token service that never answers is given up within a minute in all`() async throws {
        let fixture = ConnectionFixture(stopsClock: true)
        try await StubServer.serving { request, _ in
            guard !request.target.hasPrefix("/token") else {
                fixture.skip(.seconds(25))
                return [.pause(.hanging)]
            }
            return .reply(401, ["WWW-Authenticate": "Bearer realm=\"/token\",service=\"s\""])
        } _: { server in
            let settings = fixture.settings { ($0.idle, $0.patience) = (.milliseconds(200), .seconds(60)) }
            let error = try await refusal {
                try await RegistryNetwork.withNetwork(settings) { network in
                    let connection = try network.connection(to: RegistryHost("127.0.0.1:\(server.port)"))
                    try await run(.document, connection)
                }
            }
            #expect(error.code == .interrupted)
            #expect(server.requests.count { $0.target.hasPrefix("/token") } <= 3, "\(server.requests)")
        }
    }

    @Test func `an answer that takes long is said to be waited for`() async throws {
        try await StubServer.serving { _, _ in
            .reply(200)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.quiet = .zero }) {
                connection, fixture in
                try await until {
                    Task { try? await connection.status(.get("/v2/")) }
                    return fixture.notes.contains("waiting for 127.0.0.1:\(server.port) to answer")
                }
            }
        }
    }

    @Test func `progress restores the patience of an operation, and waits that are asked for cost none`() async throws {
        let fixture = ConnectionFixture(stopsClock: true)
        let time = fixture.settings().time
        let patience = Patience(limit: .seconds(60), longestWait: .seconds(300), time: time)
        try await patience.attempt { fixture.skip(.seconds(50)) }
        #expect(patience.remaining == .seconds(10))
        #expect(try await patience.pause(.seconds(200), isAsked: true))
        #expect(patience.remaining == .seconds(10))
        #expect(try await !patience.pause(.seconds(200), isAsked: true))
        #expect(try await !patience.pause(.seconds(10), isAsked: false))
        #expect(patience.isExhausted)
        patience.progress()
        #expect(!patience.isExhausted && patience.remaining == .seconds(120))
    }

    @Test(arguments: [true, false])
    func `a registry on this machine is asked what it speaks`(isTLS: Bool) async throws {
        try await TestRegistry.run(isTLS: isTLS) { registry in
            let fixture = ConnectionFixture()
            var settings = fixture.settings()
            settings.asksLoopback = true
            settings.certificateFile = registry.folder.appending("ca.crt")
            try await RegistryNetwork.withNetwork(settings) { network in
                let connection = try network.connection(to: RegistryHost(registry.host))
                for _ in 0..<2 { #expect(try await connection.status(.get("/v2/")) == 200) }
            }
            #expect(registry.wire.requests.count == 2)
        }
    }

    @Test func `a registry on this machine that says nothing is not spoken to without TLS`() async throws {
        try await SilentPort.listening { port in
            let fixture = ConnectionFixture()
            var settings = fixture.settings { ($0.connect, $0.connectionAttempts) = (.milliseconds(200), 1) }
            settings.limits.question = .milliseconds(200)
            settings.asksLoopback = true
            let error = try await refusal {
                try await RegistryNetwork.withNetwork(settings) { network in
                    try await network.connection(to: RegistryHost("127.0.0.1:\(port)")).status(.get("/v2/"))
                }
            }
            #expect(error.message.contains("https://127.0.0.1:\(port)"), "\(error)")
            #expect(error.hint?.contains("--plain-http 127.0.0.1:\(port)") == true)
        }
    }

    @Test func `a registry on this machine that did not say what it speaks is asked again before the next attempt`()
        async throws
    {
        try await StubServer.serving { _, number in
            number == 0 ? [.close] : .reply(200)
        } _: { server in
            var settings = ConnectionFixture().settings()
            settings.asksLoopback = true
            try await RegistryNetwork.withNetwork(settings) { network in
                let connection = try network.connection(to: RegistryHost("127.0.0.1:\(server.port)"))
                #expect(try await connection.status(.get("/v2/")) == 200)
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test(arguments: [true, false])
    func `what the user says of a registry on this machine is not asked`(isTLS: Bool) async throws {
        try await TestRegistry.run(isTLS: isTLS) { registry in
            var settings = ConnectionFixture().settings { ($0.connectionAttempts, $0.attempts) = (1, 1) }
            settings.asksLoopback = true
            let host = try RegistryHost(registry.host)
            if isTLS { settings.plainHTTP = [host] } else { settings.tls = [host] }
            let error = try await refusal {
                try await RegistryNetwork.withNetwork(settings) { network in
                    try await network.connection(to: host).status(.get("/v2/"))
                }
            }
            #expect(error.message.contains("\(isTLS ? "http" : "https")://\(registry.host)"), "\(error)")
            #expect(registry.wire.requests.isEmpty)
        }
    }
}
