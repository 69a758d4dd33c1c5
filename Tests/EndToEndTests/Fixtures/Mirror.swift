import Foundation
import TestSupport
import Testing

/// A folder served over HTTP on loopback. A file beside the one asked for, `NAME.fault`, spoils its answer: `truncate`,
/// `wrong`, `silent` (half of it, then nothing), `silent once`.
struct Mirror {
    let url: String
    /// Everything beyond loopback is out of reach, as on a machine without a network: the test is about this mirror.
    func setting(_ fixture: CommandLineFixture) -> Setting {
        var setting = fixture.setting
        setting.environment["IMAGEBUILD_DEBIAN_MIRROR"] = url
        return setting.cutOff()
    }

    /// Serves while `body` runs.
    static func serving<R>(_ root: URL, _ fixture: CommandLineFixture, _ body: (Mirror) async throws -> R) async throws
        -> R
    {
        var setting = fixture.setting
        setting.environment["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        let port = fixture.folder.appending(path: "port")
        let server = try Program(["python3", "-c", script, root.path, port.path], in: setting)
        let stopped = {
            server.signal(SIGKILL); _ = try await server.ended()
        }
        do {
            let url = "http://127.0.0.1:\(try await number(in: port, of: server))/debian"
            let result = try await body(Mirror(url: url))
            try await stopped()
            return result
        } catch {
            try await stopped()
            throw error
        }
    }

    private static func number(in file: URL, of server: Program) async throws -> Int {
        var number: Int?
        try await until {
            number = (try? String(contentsOf: file, encoding: .utf8)).flatMap { Int($0) }
            return number != nil || server.hasEnded
        }
        return try #require(number, "the test's HTTP server (python3) did not start: \(server.errorsSoFar)")
    }

    private static let script = """
        import http.server, os, sys, time, urllib.parse
        root, port = sys.argv[1:]
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def log_message(self, *arguments): pass
            def do_GET(self):
                path = root + urllib.parse.unquote(self.path)
                if not os.path.isfile(path): return self.send_error(404)
                body, fault = open(path, 'rb').read(), None
                if os.path.exists(path + '.fault'):
                    fault = open(path + '.fault').read()
                    if fault.endswith(' once'): os.remove(path + '.fault')
                self.send_response(200)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                if fault is None: return self.wfile.write(body)
                if fault.startswith('wrong'): return self.wfile.write(body[:-1] + bytes([body[-1] ^ 1]))
                self.wfile.write(body[:len(body) // 2])
                self.wfile.flush()
                if fault.startswith('silent'): time.sleep(600)
                self.close_connection = True
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        server.daemon_threads = True
        with open(port + '.new', 'w') as file: file.write(str(server.server_address[1]))
        os.rename(port + '.new', port)
        server.serve_forever()
        """
}

extension Setting {
    /// The same without a network: a proxy that does not exist stands before everything but loopback.
    func cutOff() -> Setting {
        var setting = self
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            setting.environment[name] = "http://127.0.0.1:1"
        }
        for name in ["NO_PROXY", "no_proxy"] { setting.environment[name] = "127.0.0.1" }
        return setting
    }
}
