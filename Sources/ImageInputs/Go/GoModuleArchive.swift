package import ImageDefinition
package import OCIContent
import OCIModel
import Scheduling

/// The archive of published Go modules, which are fetched by their pins.
package struct GoModuleArchive: Sendable {
    let proxy: GoProxy
    private let mirrors: DownloadMirrors
    private let downloader: Downloader
    private let store: ContentStore

    package init(proxy: GoProxy, mirrors: DownloadMirrors, downloader: Downloader, store: ContentStore) {
        self.proxy = proxy
        self.mirrors = mirrors
        self.downloader = downloader
        self.store = store
    }

    /// Fetches the files of a locked set into the store, verified. Those already in the store are not requested.
    ///
    /// - Throws: `ImageInputsError`: `.corrupt` if a proxy has other bytes than the lock, `.notFound`, `.unreachable`.
    package func fetch(_ modules: Lock.GoModules, progress: @escaping @Sendable (String) -> Void) async throws {
        let missing = modules.files.filter { !store.contains($0.sha256, size: $0.size) }
        guard !missing.isEmpty else { return }
        progress("fetching \(missing.count) files of Go modules for \(modules.requested.joined(separator: ", "))")
        _ = try await mapConcurrently(missing, limit: 4) { file in
            let candidates = try proxy.addresses(of: file.path, mirrors)
            guard !candidates.isEmpty else {
                throw ImageInputsError(
                    .unreachable, "cannot fetch \(file.path): GOPROXY names only files of this machine",
                    hint: "set GOPROXY to a module proxy that is reached by HTTP")
            }
            try await store.download(file.sha256, size: file.size) { path in
                try await downloader.fetch(
                    DownloadRequest(
                        subject: file.path, candidates: candidates,
                        expected: .exactly(file.sha256, size: file.size), destination: path))
            }
        }
    }
}
