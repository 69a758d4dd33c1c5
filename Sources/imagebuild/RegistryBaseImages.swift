import ImageInputs
import OCIModel
import OCIRegistry

/// A repository of base images in a registry, read where it is or at its mirrors.
struct RegistryBaseImages: BaseImageSource {
    /// As the definition names it, whatever answers: `mcr.microsoft.com/windows/nanoserver`.
    var repository: String
    /// Where it is read; the first that answers counts.
    var places: [RegistryRepository]

    func baseImage(tagged tag: String) async throws -> Descriptor {
        try await first("\(repository):\(tag)") { try await $0.resolve(tag) }
    }

    func baseDocument(_ descriptor: Descriptor) async throws -> [UInt8] {
        try await first("\(repository)@\(descriptor.digest)") { try await $0.document(descriptor) }
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
            hint:
                "name a mirror of its registry, as IMAGEBUILD_MIRRORS=mcr.microsoft.com/=mirror.example/, or copy it to an "
                + "OCI layout where it can be reached (skopeo copy --override-os windows docker://\(reference) oci:DIR:TAG) "
                + "and set windows.base to oci:DIR",
            cause: failure)
    }
}
