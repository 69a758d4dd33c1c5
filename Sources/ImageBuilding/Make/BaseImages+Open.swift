import ImageAssembly
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import Scheduling

extension BaseImages {
    /// Opens what a platform's image lies on, `nil` for nothing. Whatever a build reads of it comes from the store, else
    /// from where it was pinned.
    func base(of platform: Platform, _ lock: Lock, isOffline: Bool) async throws -> OpenedBaseImage? {
        let system: System = platform.os == "windows" ? .windows : .linux
        guard system == .windows || definition.base != nil else { return nil }
        guard let pin = lock.inputs(for: platform).baseImage else {
            throw ImageBuildingError(
                .refused, "the lock has no base image for \(platform)", hint: "run 'imagebuild lock'")
        }
        let (store, pool) = (inputs.store, inputs.pool)
        let wanted = [pin.config] + (system == .linux ? pin.layers : [])
        try await fetch(wanted.filter { !store.contains($0.digest, size: $0.size) }, of: pin, system, isOffline)
        let base = try OpenedBaseImage(pin, config: try store.readDocument(pin.config))
        guard system == .linux else { return base }
        let layers = try await mapConcurrently(pin.layers, limit: inputs.host.coreCount) { layer in
            try await pool.run { flag in try store.openLayer(layer, of: pin.reference, isCancelled: { flag.isSet }) }
        }
        return try await pool.run { _ in try base.laidOut(layers) }
    }

    private func fetch(
        _ missing: [Descriptor], of pin: Lock.BaseImage, _ system: System, _ isOffline: Bool
    ) async throws {
        guard !missing.isEmpty else { return }
        let what = "\(ByteCount(missing.map(\.size).reduce(0, +))) of the base image \(pin.reference)"
        guard !isOffline || pin.name.hasPrefix("oci:") else { throw ImageBuildingError.offline(what) }
        let store = inputs.store
        try await StageObserver(tellingOn: observe)("fetching \(what)") {
            try await withSource(system) { source in
                _ = try await mapConcurrently(missing, limit: 4) { try await store.fetch($0, from: source) }
            }
        }
    }
}
