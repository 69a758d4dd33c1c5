import ImageDefinition
import OCIModel

extension ConsistencyGate {
    /// Checks that the config, the manifest and the index entry describe the same image of one platform (image-spec,
    /// config.md and manifest.md).
    func documentFailures(_ image: ExaminedPlatform) -> [GateFailure] {
        let faults = platformFaults(image) + digestFaults(image) + layerFaults(image)
        return faults.map { image.failure(nil, $0) }
    }

    private func platformFaults(_ image: ExaminedPlatform) -> [GateFault] {
        var faults: [GateFault] = []
        let config = image.config.value.platform
        if config != image.platform {
            faults.append(GateFault(.platformAgreement, "the config says \(Self.describe(config))"))
        }
        if image.entry.platform != image.platform {
            let said = image.entry.platform.map(Self.describe) ?? "no platform"
            faults.append(GateFault(.platformAgreement, "the index entry says \(said)"))
        }
        return faults
    }

    private func digestFaults(_ image: ExaminedPlatform) -> [GateFault] {
        var faults: [GateFault] = []
        let config = image.manifest.value.config
        if config.digest != Digest(of: image.config.bytes) || config.size != Int64(image.config.bytes.count) {
            faults.append(
                GateFault(.configDigest, "the manifest names another config, \(config.digest)"))
        }
        if config.mediaType != .config {
            faults.append(
                GateFault(.configDigest, "the manifest gives its config the type '\(config.mediaType.rawValue)'"))
        }
        let entry = image.entry
        if entry.digest != Digest(of: image.manifest.bytes) || entry.size != Int64(image.manifest.bytes.count) {
            faults.append(
                GateFault(.manifestDigest, "the index names another manifest, \(entry.digest)"))
        }
        if entry.mediaType != .manifest {
            faults.append(
                GateFault(.manifestDigest, "the index gives its manifest the type '\(entry.mediaType.rawValue)'"))
        }
        return faults
    }

    private func layerFaults(_ image: ExaminedPlatform) -> [GateFault] {
        let config = image.config.value
        let layerCount = image.baseLayerCount + image.layers.count
        var counts = [
            ("manifest has", image.manifest.value.layers.count), ("config has", config.rootfs.diffIDs.count),
        ]
        // A base image without a history leaves none to continue.
        if image.baseLayerCount == 0 || config.history != nil {
            counts.append(("history has", (config.history ?? []).count { $0.emptyLayer != true }))
        }
        var faults = counts.filter { $0.1 != layerCount }.map {
            GateFault(.layerCount, "the \($0.0) \($0.1) layers, but the image \(layerCount)")
        }
        if config.rootfs.type != "layers" {
            faults.append(
                GateFault(.layerCount, "the config's rootfs has the type '\(config.rootfs.type)', not 'layers'"))
        }
        return faults
    }

    private static func describe(_ platform: Platform) -> String {
        let features = platform.osFeatures.map { " with " + $0.joined(separator: ",") } ?? ""
        let shown = platform.ownVariant == nil ? platform.variant : nil
        return platform.description + (shown.map { "/" + $0 } ?? "") + features
    }
}
