import ImageInputs
import OCIContent
import OCIModel
import OCIRegistry

extension RegistryAccess {
    /// Returns the repository of a reference as something to read from: at its mirrors where rules name any.
    func source(_ reference: ImageReference, _ mirrors: DownloadMirrors) throws -> any ContentSource {
        let places = try mirrors.repositories(for: reference.place).map { try repository(try ImageReference($0)) }
        guard let base = places.last else { return try repository(reference) }
        return places.count == 1 ? base : MirroredSource(base, mirrors: places.dropLast())
    }
}
