extension [StubServer.Step] {
    /// Returns a well-formed response, with its length unless `headers` states another.
    package static func reply(_ status: Int, _ headers: [String: String] = [:], _ body: [UInt8] = []) -> Self {
        var fields = headers
        if fields["Transfer-Encoding"] == nil, fields["Content-Length"] == nil {
            fields["Content-Length"] = "\(body.count)"
        }
        return [.send(head(status, fields) + body)]
    }

    /// Returns the rest of `body` from the start of the request's range, as a correct server answers, or all of it
    /// without a range.
    package static func serve(_ body: [UInt8], to request: StubServer.Received, _ headers: [String: String] = [:])
        -> Self
    {
        guard let range = request.headers["range"], let start = Int(range.dropFirst(6).dropLast()) else {
            return reply(200, headers, body)
        }
        let part = headers.merging(["Content-Range": "bytes \(start)-\(body.count - 1)/\(body.count)"]) { $1 }
        return reply(206, part, [UInt8](body[start...]))
    }

    /// Returns a head that announces the whole body, followed by only its first bytes.
    package static func begin(_ body: [UInt8], sending count: Int, _ headers: [String: String] = [:]) -> Self {
        let fields = headers.merging(["Content-Length": "\(body.count)"]) { $1 }
        return [.send(head(200, fields) + body.prefix(count))]
    }

    private static func head(_ status: Int, _ fields: [String: String]) -> [UInt8] {
        let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }
        return [UInt8]("HTTP/1.1 \(status) Stub\r\n\(lines.joined())\r\n".utf8)
    }
}
