import HTTPTypes
import Hummingbird
import NIOCore

extension QuirkyResponder {
    static var portal: Response {
        Response(
            status: .ok, headers: [.contentType: "text/html"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "<html><body>Please log in</body></html>")))
    }

    static func refusal(_ status: Int, _ code: String, _ message: String = "refused") -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: ResponseBody(
                byteBuffer: ByteBuffer(string: #"{"errors":[{"code":"\#(code)","message":"\#(message)"}]}"#)))
    }

    static func largeManifest(_ bytes: Int) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/vnd.oci.image.manifest.v1+json"],
            body: ResponseBody(contentLength: bytes) { writer in
                let piece = ByteBuffer(repeating: UInt8(ascii: " "), count: 1 << 20)
                var left = bytes
                while left > 0 {
                    try await writer.write(piece.getSlice(at: 0, length: min(left, 1 << 20)) ?? piece)
                    left -= 1 << 20
                }
                try await writer.finish(nil)
            })
    }

    /// Changes the registry's answer to the request.
    func edit(_ response: inout Response, _ request: Request, _ kind: RequestKind, _ quirk: Quirk) {
        switch (quirk, kind) {
        case (.noReferrers, .manifest): response.headers[Self.name("OCI-Subject")] = nil
        case (.patchStatus(let status), .uploadChunk) where response.status == .accepted:
            response.status = .init(code: status)
        case (.secondPatchOverwrites, .uploadChunk):
            if response.headers[.location] != nil { response.headers[.location] = request.uri.path }
            if let range = request.headers[.contentRange], response.status == .accepted {
                response.headers[.range] = "0-\(range.split(separator: "-").last ?? "0")"
            }
        case (.location(let form), .uploadStart), (.location(let form), .uploadChunk),
            (.location(let form), .uploadStatus):
            guard let path = response.headers[.location], response.status != .created else { return }
            response.headers[.location] = Self.location(path, form, host: request.head.authority ?? "")
        case (.wrongDigestOnManifestPut, .manifest) where request.method == .put && response.status == .created:
            response.headers[Self.name("Docker-Content-Digest")] = "sha256:" + String(repeating: "0", count: 64)
        case (.noDigestHeaders, _):
            response.headers[Self.name("Docker-Content-Digest")] = nil
            response.headers[.eTag] = nil
        case (.tagLink(let link), .tags) where response.status == .ok: edit(&response, request, link)
        default: return
        }
    }

    private static func location(_ path: String, _ form: Quirk.LocationForm, host: String) -> String {
        switch form {
        case .absolute: "http://\(host)\(path)"
        case .withoutScheme: "//\(host)\(path)"
        case .otherHost: "http://\(host.replacing("127.0.0.1", with: "localhost"))\(path)"
        case .withQuery: "\(path)?_state=kept"
        }
    }

    private func edit(_ response: inout Response, _ request: Request, _ link: Quirk.TagLink) {
        let path = request.uri.path
        let isFirst = !request.uri.string.contains("last=")
        func next(_ target: String) { response.headers[Self.name("Link")] = "<\(target)>; rel=\"next\"" }
        func answer(_ tags: String) {
            response.body = ResponseBody(byteBuffer: ByteBuffer(string: #"{"name":"quirk","tags":\#(tags)}"#))
        }
        switch link {
        case .toItself: next(request.uri.string)
        case .ring: next(request.uri.string.contains("last=a") ? "\(path)?last=b" : "\(path)?last=a")
        case .otherHost: next("http://198.51.100.1\(path)?last=a")
        case .endless: next("\(path)?last=\(memory.countChunk(path))")
        case .nullTags: answer("null")
        case .emptyPage where isFirst:
            answer("[]")
            next("\(path)?last=")
        case .emptyPage: break
        case .unbracketed:
            let name = Self.name("Link")
            response.headers[name] = response.headers[name]?.filter { $0 != "<" && $0 != ">" }
        case .duplicated:
            let name = Self.name("Link")
            guard let value = response.headers[name] else { return }
            response.headers[values: name] = ["<\(path)>; rel=\"first\", \(value)", value]
        }
    }

    static func name(_ text: String) -> HTTPField.Name {
        // Only literals are passed.
        guard let name = HTTPField.Name(text) else { fatalError("'\(text)' is no header's name") }
        return name
    }
}
