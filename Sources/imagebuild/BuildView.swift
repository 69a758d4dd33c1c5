import ImageAssembly
import ImageDefinition
import OCIContent
import OCIModel
import Synchronization

/// What a person sees of a build: for each platform a row with what arrives and which layers are ready.
final class BuildView: Sendable {
    private struct Progress {
        /// Platforms that wait for a package, by its digest.
        var waiting: [Digest: [String]] = [:]
        var layers: [String: (done: Int, all: Int)] = [:]
        var opened: [String: (done: Int, all: Int)] = [:]
    }

    private let console: Console
    private let platforms: [Platform]
    private let began = ContinuousClock.now
    private let progress = Mutex(Progress())

    init(_ console: Console, _ platforms: [Platform]) {
        self.console = console
        self.platforms = platforms
        for platform in platforms { console.beginRow(platform.description) }
    }

    func expect(_ packages: [(platform: Platform, packages: [Lock.Package])], missingFrom store: ContentStore) {
        for (platform, packages) in packages {
            let missing = packages.filter { !store.contains($0.sha256, size: $0.size) }
            guard !missing.isEmpty else { continue }
            let bytes = missing.map(\.size).reduce(0, +)
            progress.withLock { progress in
                for package in missing { progress.waiting[package.sha256, default: []].append(platform.description) }
            }
            console.update(platform.description) { row in
                row.text = "fetching \(missing.count) packages, \(ByteCount(bytes))"
                row.transfer = Console.Transfer(total: bytes)
            }
        }
    }

    func arrived(_ package: Lock.Package, _ bytes: Int64) {
        for platform in progress.withLock({ $0.waiting[package.sha256] ?? [] }) {
            console.update(platform) { $0.transfer?.done += bytes }
        }
    }

    func expectOpening(_ packages: [(platform: Platform, packages: [Lock.Package])]) {
        for (platform, packages) in packages where !packages.isEmpty {
            let name = platform.description
            progress.withLock { progress in
                progress.opened[name] = (0, packages.count)
                for package in packages { progress.waiting[package.sha256, default: []].append(name) }
            }
            console.update(name) { row in
                row.transfer = nil
                row.text = "opening \(packages.count) packages"
            }
        }
    }

    func opened(_ package: Lock.Package) {
        for platform in Set(progress.withLock({ $0.waiting[package.sha256] ?? [] })) {
            let count = progress.withLock { progress in
                progress.opened[platform]?.done += 1
                return progress.opened[platform] ?? (0, 0)
            }
            console.update(platform) { $0.detail = "\(count.done) of \(count.all)" }
        }
    }

    /// From here on a Windows platform has the name of what it is, not of what was asked for.
    func expectLayers(_ plan: BuildPlan) {
        for (asked, platform) in zip(platforms, plan.platforms) {
            let name = platform.platform.description
            console.update(asked.description) { $0.title = name }
            progress.withLock { $0.layers[name] = (0, platform.layers.count) }
            console.update(name) { row in
                (row.transfer, row.detail) = (nil, "")
                row.text = "making \(counted(platform.layers.count, "layer"))"
            }
        }
    }

    func observe(_ event: AssemblyEvent) {
        guard case .layer(let platform, let name, let layer, let reused) = event else { return }
        let count = progress.withLock { progress in
            progress.layers[platform.description]?.done += 1
            return progress.layers[platform.description] ?? (0, 0)
        }
        console.update(platform.description) { row in
            row.text =
                "layer \(count.done) of \(count.all): \(name), \(ByteCount(layer.descriptor.size))"
                + (reused ? ", known" : "")
        }
    }

    func finish(_ image: BuiltImage) {
        for platform in image.platforms where !platform.absentLayers.isEmpty {
            let size = platform.absentLayers.map(\.size).reduce(0, +)
            console.note("\(platform.platform): the \(ByteCount(size)) of its base image stay where that is")
        }
        for platform in image.platforms {
            let size = platform.layers.map(\.descriptor.size).reduce(0, +)
            console.update(platform.platform.description) { row in
                row.text =
                    "done, \(counted(platform.layers.count, "layer")), \(ByteCount(size)), \(platform.manifest.digest)"
                row.isDone = true
            }
        }
        console.finish()
        let elapsed = ContinuousClock.now - began
        let tenths = elapsed.components.seconds * 10 + elapsed.components.attoseconds / 100_000_000_000_000_000
        console.note("built \(image.tag) in \(tenths / 10).\(tenths % 10) s")
    }
}
