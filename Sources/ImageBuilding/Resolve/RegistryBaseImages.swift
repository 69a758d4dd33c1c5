import ImageInputs
import OCIContent
import OCIModel
import OCIRegistry

/// A repository of base images in a registry, read where it is or at its mirrors.
struct RegistryBaseImages: BaseImageSource {
    /// As the definition names it, whatever answers: `mcr.microsoft.com/windows/nanoserver`.
    var repository: String
    /// Where it is read; the first that answers counts.
    var places: [RegistryRepository]
    var isWindows: Bool

    func baseImage(named name: String) async throws -> Descriptor {
        let separator = name.contains(":") ? "@" : ":"
        return try await first(repository + separator + name) { try await $0.resolve(name) }
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        try await first("\(repository)@\(descriptor.digest)") { try await $0.document(descriptor) }
    }

    /// Where a place breaks off, `use` gets the blob from the next one, from the offset again.
    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        try await first("\(repository)@\(blob.digest)") { try await $0.withBlob(blob, from: offset, use) }
    }

    private func first<Result: Sendable>(
        _ reference: String, _ read: (RegistryRepository) async throws -> Result
    ) async throws -> Result {
        var failure: OCIRegistryError?
        for place in places {
            do { return try await read(place) } catch let error as OCIRegistryError { failure = error }
        }
        let code: ImageInputsError.Code =
            switch failure?.code {
            case .notFound: .notFound
            case .corrupt, .protocolViolation, .tooLarge: .corrupt
            case .denied, .refused: .rejected
            default: .unreachable
            }
        throw ImageInputsError(
            code, "cannot read the base image \(reference): \(failure?.message ?? "no place is known for it")",
            hint: hint, cause: failure)
    }

    private var hint: String {
        let host = repository.prefix { $0 != "/" }
        let (options, key) =
            isWindows ? ("--override-os windows", "windows.base") : ("--all --preserve-digests", "base.image")
        return
            "name a mirror of its registry, as IMAGEBUILD_MIRRORS=\(host)/=mirror.example/, or copy it to an OCI layout where it "
            + "can be reached (skopeo copy \(options) docker://\(repository):TAG oci:DIR:TAG) and set \(key) to oci:DIR"
    }
}
