import ImageInputs
import OCIContent
import OCIModel
import OCIRegistry

/// A repository of base images in a registry or at its mirrors, whose errors say what to do where none can be reached.
struct RegistryBaseImages: BaseImageSource, WrappedSource {
    /// The name that the definition gives the repository, whatever answers: `mcr.microsoft.com/windows/nanoserver`.
    var name: String
    var base: any ContentSource
    var isWindows: Bool

    func baseImage(named tag: String) async throws -> Descriptor {
        let separator = tag.contains(":") ? "@" : ":"
        return try await explaining(name + separator + tag) { try await base.resolve(tag) }
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        try await explaining("\(name)@\(descriptor.digest)") { try await base.document(descriptor) }
    }

    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        try await explaining("\(name)@\(blob.digest)") { try await base.withBlob(blob, from: offset, use) }
    }

    private func explaining<Result: Sendable>(
        _ reference: String, _ read: () async throws -> Result
    ) async throws -> Result {
        do { return try await read() } catch let error as OCIRegistryError { throw failure(error, reference) }
    }

    private func failure(_ error: OCIRegistryError, _ reference: String) -> ImageInputsError {
        let code: ImageInputsError.Code =
            switch error.code {
            case .notFound: .notFound
            case .corrupt, .protocolViolation, .tooLarge: .corrupt
            case .denied, .refused: .rejected
            default: .unreachable
            }
        return ImageInputsError(
            code, "cannot read the base image \(reference): \(error.message)", hint: hint, cause: error)
    }

    private var hint: String {
        let host = name.prefix { $0 != "/" }
        let (options, key) =
            isWindows ? ("--override-os windows", "windows.base") : ("--all --preserve-digests", "base.image")
        return
            "name a mirror of its registry, as IMAGEBUILD_MIRRORS=\(host)/=mirror.example/, or copy it to an OCI layout where it "
            + "can be reached (skopeo copy \(options) docker://\(name):TAG oci:DIR:TAG) and set \(key) to oci:DIR"
    }
}
