import DurableFiles
import HTTPTransfer
package import ImageDefinition
package import OCIContent
import OCIModel
import Scheduling
import SystemPackage

/// The release archives on the web: pinned by their published sums, and fetched by their pins.
package struct ReleaseArchives: Sendable {
    private let mirrors: DownloadMirrors
    private let downloader: Downloader
    private let store: ContentStore

    private static let sumsLimit: Int64 = 4 << 20
    private static let archiveLimit: Int64 = 2 << 30

    package init(mirrors: DownloadMirrors, downloader: Downloader, store: ContentStore) {
        self.mirrors = mirrors
        self.downloader = downloader
        self.store = store
    }

    /// Pins archives. A sum in the definition is authoritative; if there is none, the release's own list is read, whose
    /// digest becomes part of the pin.
    ///
    /// Archives that the store lacks are fetched, because sums do not include sizes.
    ///
    /// - Throws: `ImageInputsError`: `.unsatisfiable` if no sum is known, `.corrupt` if the bytes do not match.
    package func lock(
        _ requests: [ArchiveRequest], previous: [Lock.Archive], progress: @escaping @Sendable (String) -> Void
    ) async throws -> [Lock.Archive] {
        var unique: [String: ArchiveRequest] = [:]
        for request in requests {
            guard let url = request.urls.first else { continue }
            if let other = unique.updateValue(request, forKey: url), other != request {
                throw ImageInputsError(
                    .unsatisfiable, "\(url) is requested with two different sums or lists of addresses",
                    hint: "make the definition describe it the same way everywhere")
            }
        }
        let sorted = unique.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
        return try await mapConcurrently(sorted, limit: 4) { request in
            progress("pinning \(request.fileName)")
            return try await pin(request, previous)
        }
    }

    private func pin(_ request: ArchiveRequest, _ previous: [Lock.Archive]) async throws -> Lock.Archive {
        let (sum, sums) = try await sum(of: request)
        if let known = previous.first(where: { $0.sha256 == sum }), store.contains(sum, size: known.size) {
            return Lock.Archive(urls: request.urls, size: known.size, sha256: sum, sums: sums)
        }
        let candidates = try addresses(request.urls)
        let size = try await store.withTemporaryFile { path in
            let download = try await downloader.fetch(
                DownloadRequest(
                    subject: request.fileName, candidates: candidates, expected: .upTo(Self.archiveLimit),
                    destination: path))
            guard download.digest == sum else {
                throw ImageInputsError(
                    .corrupt,
                    "\(download.source) is not the released archive: its digest is \(download.digest), not \(sum)",
                    hint: "correct the sum in the definition, or find out who changed the file")
            }
            guard download.size > 0 else {
                throw ImageInputsError(
                    .corrupt, "\(download.source) is empty", hint: "correct the address or the sum in the definition")
            }
            return try store.add(copyOf: path).size
        }
        return Lock.Archive(urls: request.urls, size: size, sha256: sum, sums: sums)
    }

    private func sum(of request: ArchiveRequest) async throws -> (Digest, Lock.SumsFile?) {
        if let stated = request.sha256 { return (stated, nil) }
        guard let url = request.sums else {
            throw ImageInputsError(
                .unsatisfiable, "no sum is known for \(request.fileName)",
                hint: "add its 'sha256' to the definition, or 'sums': the address of the release's SHA256SUMS")
        }
        let candidates = try addresses([url])
        if let open = candidates.first(where: { $0.scheme == .http && NetworkPlace(host: $0.host) != .loopback }) {
            throw ImageInputsError(
                .rejected,
                "cannot trust the list of sums \(open.text): over plain HTTP, anybody on the way can change it",
                hint: "name the list by https, or write the sums under 'sha256' in the definition")
        }
        let bytes = try await store.withTemporaryFile { path in
            try await downloader.fetch(
                DownloadRequest(
                    subject: "the sums of \(request.fileName)", candidates: candidates,
                    expected: .upTo(Self.sumsLimit), destination: path))
            return try FileSystem.read(path, limit: Self.sumsLimit) ?? []
        }
        guard let sum = ReleaseSums(bytes).sum(of: request.fileName) else {
            throw ImageInputsError(
                .unsatisfiable, "\(url) has no sum of \(request.fileName), or several",
                hint: "correct 'urls' or 'sums' in the definition")
        }
        return (sum, Lock.SumsFile(url: url, sha256: Digest(of: bytes)))
    }

    /// Fetches archives into the store, verified, and reports to `progress` which. Those already in the store are not
    /// requested.
    package func fetch(_ archives: [Lock.Archive], progress: @escaping @Sendable (String) -> Void) async throws {
        let missing = archives.filter { !store.contains($0.sha256, size: $0.size) }
        _ = try await mapConcurrently(missing, limit: 4) { archive in
            let name = archive.urls.first?.split(separator: "/").last.map(String.init) ?? "an archive"
            progress("fetching \(name), \(archive.size / 1_000_000 + 1) MB")
            let candidates = try addresses(archive.urls)
            try await store.download(archive.sha256, size: archive.size) { path in
                try await downloader.fetch(
                    DownloadRequest(
                        subject: name, candidates: candidates,
                        expected: .exactly(archive.sha256, size: archive.size), destination: path))
            }
        }
    }

    private func addresses(_ urls: [String]) throws -> [HTTPAddress] {
        try urls.flatMap { try mirrors.addresses(for: $0) }
    }
}
