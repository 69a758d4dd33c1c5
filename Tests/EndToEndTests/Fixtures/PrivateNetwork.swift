import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A certificate authority that nobody trusts by itself, with a certificate for one host. Files in the fixture's folder.
struct PrivateAuthority: Sendable {
    let root: String
    let certificate: String
    let key: String

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    init(_ fixture: CommandLineFixture, host: String) async throws {
        root = "\(fixture.folder.path)/ca.pem"
        try await Self.openssl(
            ["req", "-x509"] + Self.newKey + ["-keyout", "ca.key", "-out", root, "-days", "2", "-subj", "/CN=Tests"],
            fixture)
        (certificate, key) = try await Self.issue("server", host, "subjectAltName=DNS:\(host)", root, fixture)
    }

    /// A certificate of a client, with its key.
    func client(_ fixture: CommandLineFixture) async throws -> (certificate: String, key: String) {
        try await Self.issue("client", "client", "extendedKeyUsage=clientAuth", root, fixture)
    }

    private static func issue(
        _ name: String, _ subject: String, _ extensions: String, _ root: String, _ fixture: CommandLineFixture
    ) async throws -> (certificate: String, key: String) {
        let path = "\(fixture.folder.path)/\(name)"
        try fixture.write("\(extensions)\nbasicConstraints=CA:FALSE\n", to: "\(name).ext")
        try await openssl(
            ["req"] + newKey + ["-keyout", "\(path).key", "-out", "\(name).csr", "-subj", "/CN=\(subject)"], fixture)
        try await openssl(
            [
                "x509", "-req", "-in", "\(name).csr", "-CA", root, "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "\(name).ext", "-out", "\(path).pem",
            ], fixture)
        return ("\(path).pem", "\(path).key")
    }

    private static func openssl(_ arguments: [String], _ fixture: CommandLineFixture) async throws {
        let ended = try await Program.run(["openssl"] + arguments, in: fixture.setting)
        try #require(ended.status == 0, "openssl \(arguments.joined(separator: " ")): \(ended.errors)")
    }
}

/// An HTTP proxy that finds every host on this machine, whatever its name.
struct ConnectProxy: Sendable {
    private let program: Program

    /// `http://host:port`.
    let address: String

    /// The hosts and ports that were asked for.
    var connections: [String] {
        program.outputSoFar.split(separator: "\n").dropFirst().map(String.init)
    }

    static func serving(_ fixture: CommandLineFixture, _ body: (ConnectProxy) async throws -> Void) async throws {
        let program = try Program(["python3", "-u", "-c", script], in: fixture.setting)
        do {
            let address = try await program.firstLine()
            try await body(ConnectProxy(program: program, address: address))
        } catch {
            program.signal(SIGKILL)
            _ = try await program.ended()
            throw error
        }
        program.signal(SIGKILL)
        _ = try await program.ended()
    }

    private static let script = """
        import socket, threading
        def pump(a, b):
            try:
                while data := a.recv(1 << 16): b.sendall(data)
                b.shutdown(socket.SHUT_WR)
            except OSError: pass
        def serve(client):
            stream = client.makefile("rb", 0)
            method, target, _ = stream.readline().decode().split()
            head = b""
            while (line := stream.readline()) not in (b"\\r\\n", b"\\n", b""): head += line
            host, _, path = target.partition("://")[2].partition("/") if method != "CONNECT" else (target, "", "")
            print(host)
            server = socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])))
            if method == "CONNECT": client.sendall(b"HTTP/1.1 200 Yes\\r\\n\\r\\n")
            else: server.sendall(f"{method} /{path} HTTP/1.1\\r\\nConnection: close\\r\\n".encode() + head + b"\\r\\n")
            threading.Thread(target=pump, args=(client, server), daemon=True).start()
            pump(server, client)
        listener = socket.create_server(("127.0.0.1", 0))
        print(f"http://127.0.0.1:{listener.getsockname()[1]}")
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """
}
