import NIOHTTP1
import OCIModel

/// The questions that only writing answers. Sessions are cancelled, and the tag that is set is removed again.
extension Probing {
    private static let begin = "blobs/uploads/"
    private static let tagName = "imagebuild-probe"
    private static let content = Array("{}".utf8)
    private static let octets: HTTPHeaders = ["Content-Type": "application/octet-stream"]
    /// The bytes of one chunk; a registry that demands more is not sent that much.
    private static let chunk = 1 << 20

    mutating func mount(into scratch: RepositoryName) async {
        guard scratch != repository, let blob = await blobOfExample() else {
            return find(
                .mount, .unknown, "there is no blob to mount from another repository", [],
                "it is tried with the first blob that another repository has")
        }
        let reply = await ask(
            .POST, path(Self.begin + "?mount=\(blob)&from=\(repository)", in: scratch), in: scratch, [.pull, .push])
        if reply.status == 201 { leftBehind.append("\(scratch)@\(blob)") }
        let cancelled = await cancel(reply, in: scratch)
        find(
            .mount, reply.status == 201 ? .yes : reply.status == 0 ? .unknown : .no, nil,
            [reply.exchange] + cancelled,
            reply.status == 201
                ? "a blob is sent once to the registry, and mounted by its other repositories"
                : "a blob is sent to each repository that needs it")
    }

    /// Sends two small chunks to a session, looks whether both are counted, and cancels it.
    mutating func chunks(in scratch: RepositoryName) async {
        let begun = await ask(.POST, path(Self.begin, in: scratch), in: scratch, [.pull, .push])
        guard begun.status == 202, let first = begun.location else {
            return find(.chunks, .unknown, "no upload could be begun", [begun.exchange], "nothing can be written here")
        }
        var (evidence, location, received) = ([begun.exchange], first, [String]())
        let minimum = begun.headers.first(name: "oci-chunk-min-length").flatMap { Int($0) } ?? 0
        let size = max(16, minimum)
        if size <= Self.chunk {
            for number in 0..<2 {
                var headers = Self.octets
                headers.add(name: "Content-Range", value: "\(number * size)-\((number + 1) * size - 1)")
                let reply = await ask(
                    .PATCH, .location(location), in: scratch, [.pull, .push],
                    body: [UInt8](repeating: 0, count: size), headers: headers)
                evidence.append(reply.exchange)
                location = reply.location ?? location
                received.append(reply.headers.first(name: "range") ?? "")
                guard reply.status == 202 else { break }
            }
        }
        let isCounted = received.last == "0-\(2 * size - 1)"
        var open = begun
        open.location = location
        evidence += await cancel(open, in: scratch)
        find(
            .chunks, size > Self.chunk ? .unknown : isCounted ? .yes : .no,
            minimum > 0 ? "a chunk has at least \(minimum) bytes" : nil, evidence,
            isCounted || size > Self.chunk
                ? "large blobs are sent in chunks, and continued where a broken connection left them"
                : "every blob is sent in one piece, and begun anew when its connection breaks")
    }

    mutating func blobInOneRequest(in scratch: RepositoryName) async {
        let digest = Digest(of: Self.content)
        let reply = await ask(
            .POST, path(Self.begin + "?digest=\(digest)", in: scratch), in: scratch, [.pull, .push],
            body: Self.content, headers: Self.octets)
        let cancelled = await cancel(reply, in: scratch)
        if reply.status == 201 { leftBehind.append("\(scratch)@\(digest)") }
        find(
            .blobInOneRequest, reply.status == 201 ? .yes : reply.status == 0 ? .unknown : .no, nil,
            [reply.exchange] + cancelled,
            reply.status == 201
                ? "small blobs of a new repository take one request each"
                : "every blob takes two requests")
    }

    /// Sets a tag for an image without content, and removes it.
    mutating func tagDeletion(in scratch: RepositoryName) async {
        guard let (manifest, evidence) = await putImage(in: scratch) else { return }
        let deleted = await ask(
            .DELETE, path("manifests/\(Self.tagName)", in: scratch), in: scratch, [.pull, .push, .delete])
        let isRemoved = [200, 202, 204].contains(deleted.status)
        var shown = evidence + [deleted.exchange]
        if !isRemoved { leftBehind.append("\(scratch):\(Self.tagName)") }
        let whole = await ask(
            .DELETE, path("manifests/\(manifest)", in: scratch), in: scratch, [.pull, .push, .delete])
        shown.append(whole.exchange)
        if [200, 202, 204, 404].contains(whole.status) {
            leftBehind.removeAll { $0 == "\(scratch):\(Self.tagName)" }
        } else {
            leftBehind.append("\(scratch)@\(manifest)")
        }
        find(
            .tagDeletion, isRemoved ? .yes : deleted.status == 0 ? .unknown : .no, nil, shown,
            isRemoved
                ? "--prune removes tags, and not what they stand for"
                : "--prune cannot remove tags here, and says so of each")
    }

    private mutating func putImage(in scratch: RepositoryName) async -> (Digest, [Exchange])? {
        let config = Descriptor(
            mediaType: MediaType(rawValue: "application/vnd.oci.empty.v1+json"), digest: Digest(of: Self.content),
            size: 2)
        var document = Manifest(config: config, layers: [config])
        document.artifactType = "application/vnd.imagebuild.probe.v1+json"
        let begun = await ask(.POST, path(Self.begin, in: scratch), in: scratch, [.pull, .push])
        guard let encoded = try? Encoded(document, as: .manifest), let location = begun.location else {
            find(.tagDeletion, .unknown, "no image could be written", [begun.exchange], "nothing can be written here")
            return nil
        }
        let sent = await ask(
            .PUT, .location(location + (location.contains("?") ? "&" : "?") + "digest=\(config.digest)"), in: scratch,
            [.pull, .push], body: Self.content, headers: Self.octets)
        let named = await ask(
            .PUT, path("manifests/\(Self.tagName)", in: scratch), in: scratch, [.pull, .push], body: encoded.bytes,
            headers: ["Content-Type": MediaType.manifest.rawValue])
        let blob = "\(scratch)@\(config.digest)"
        if [201, 204].contains(sent.status), !leftBehind.contains(blob) { leftBehind.append(blob) }
        guard [200, 201, 202, 204].contains(named.status) else {
            find(
                .tagDeletion, .unknown, "no image could be written", [sent.exchange, named.exchange],
                "it is tried with the first tag that --prune removes")
            return nil
        }
        return (encoded.descriptor.digest, [named.exchange])
    }

    /// Ends the session that an answer began, if it did.
    private mutating func cancel(_ reply: Reply, in scratch: RepositoryName) async -> [Exchange] {
        guard reply.status == 202, let location = reply.location else { return [] }
        return [await ask(.DELETE, .location(location), in: scratch, [.pull, .push, .delete]).exchange]
    }

    /// Returns the configuration of the example, or of its first platform.
    private mutating func blobOfExample() async -> Digest? {
        var next = example
        for _ in 0..<2 {
            guard let digest = next else { return nil }
            let reply = await ask(.GET, path("manifests/\(digest)"), headers: ["Accept": RegistryRepository.accept])
            guard reply.status == 200, let document = try? CanonicalJSON.decode(DocumentLinks.self, from: reply.body)
            else { return nil }
            if let config = document.config { return config.digest }
            next = document.manifests?.first?.digest
        }
        return nil
    }
}

/// The parts of a manifest or index that lead to a blob.
private struct DocumentLinks: Decodable {
    var config: Descriptor?
    var manifests: [Descriptor]?
}
