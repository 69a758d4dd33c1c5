import ImageAssembly
import ImageBuilding
import ImageDefinition
import OCIModel
import Synchronization

/// The view of a build: lines, and for each platform a row with what arrives and which layers are ready.
final class BuildView: Sendable {
    private struct Progress {
        var began = ContinuousClock.now
        /// Platforms that wait for a package, by its digest.
        var waiting: [Digest: Set<String>] = [:]
        var layers: [String: (done: Int, all: Int)] = [:]
        var opened: [String: (done: Int, all: Int)] = [:]
    }

    private let console: Console
    private let progress = Mutex(Progress())

    init(_ console: Console) { self.console = console }

    func observe(_ event: BuildEvent) {
        switch event {
        case .note(let text): console.note(text)
        case .warning(let text): console.warn(text)
        case .stage(let name, let isOver): stage(name, isOver)
        case .began(let platforms):
            progress.withLock { $0 = Progress() }
            for platform in platforms { console.beginRow(platform.description) }
        case .fetching(let platform, let packages): expect(packages, for: platform.description)
        case .received(let package, let bytes): received(package, bytes)
        case .fetched: endFetching()
        case .opening(let platform, let packages): expectOpening(packages, for: platform.description)
        case .opened(let package): opened(package)
        case .planned(let plan): for platform in plan.platforms { expectLayers(platform) }
        case .assembled(.layer(let platform, let name, let layer, let isReused)):
            finished(layer, name, of: platform, isReused)
        case .assembled(.checked): break
        case .finished(let image): finish(image)
        }
    }

    private func expect(_ packages: [Lock.Package], for platform: String) {
        let bytes = packages.map(\.size).reduce(0, +)
        progress.withLock { progress in
            for package in packages { progress.waiting[package.sha256, default: []].insert(platform) }
        }
        console.update(platform) { row in
            row.text = "fetching \(packages.count) packages, \(ByteCount(bytes))"
            row.transfer = Console.Transfer(total: bytes)
        }
    }

    private func received(_ package: Lock.Package, _ bytes: Int64) {
        for platform in progress.withLock({ $0.waiting[package.sha256] ?? [] }) {
            console.update(platform) { $0.transfer?.done += bytes }
        }
    }

    /// Ends the row of what is fetched, which no longer moves; what comes next has a row of its own.
    private func endFetching() {
        let platforms = progress.withLock { progress in
            defer { progress.waiting = [:] }
            return progress.waiting.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        guard console.isLive else { return }
        for platform in platforms {
            console.update(platform) { row in
                row.text = row.text.replacing("fetching", with: "fetched", maxReplacements: 1)
                row.transfer = nil
            }
        }
    }

    private func stage(_ name: String, _ isOver: Bool) {
        switch (console.isLive, isOver) {
        case (true, false): console.beginRow(name)
        case (true, true): console.removeRow(name)
        case (false, false): console.note(name)
        case (false, true): break
        }
    }

    private func expectOpening(_ packages: [Lock.Package], for platform: String) {
        progress.withLock { progress in
            progress.opened[platform] = (0, packages.count)
            for package in packages { progress.waiting[package.sha256, default: []].insert(platform) }
        }
        console.update(platform) { row in
            row.transfer = nil
            row.text = "opening \(packages.count) packages"
        }
    }

    private func opened(_ package: Lock.Package) {
        for platform in progress.withLock({ $0.waiting[package.sha256] ?? [] }) {
            let count = progress.withLock { progress in
                progress.opened[platform]?.done += 1
                return progress.opened[platform] ?? (0, 0)
            }
            console.update(platform) { $0.detail = "\(count.done) of \(count.all)" }
        }
    }

    /// From here on a Windows platform has the name of what it is, not of what was asked for.
    private func expectLayers(_ plan: PlatformPlan) {
        let name = plan.platform.description
        console.update(plan.requested.description) { $0.title = name }
        progress.withLock { $0.layers[name] = (0, plan.layers.count) }
        console.update(name) { row in
            (row.transfer, row.detail) = (nil, "")
            row.text = "making \(counted(plan.layers.count, "layer"))"
        }
    }

    private func finished(_ layer: FinishedLayer, _ name: String, of platform: Platform, _ isReused: Bool) {
        let count = progress.withLock { progress in
            progress.layers[platform.description]?.done += 1
            return progress.layers[platform.description] ?? (0, 0)
        }
        console.update(platform.description) { row in
            row.text =
                "layer \(count.done) of \(count.all): \(name), \(ByteCount(layer.descriptor.size))"
                + (isReused ? ", known" : "")
        }
    }

    private func finish(_ image: BuiltImage) {
        for platform in image.platforms where !platform.absentLayers.isEmpty {
            let size = platform.absentLayers.map(\.size).reduce(0, +)
            console.note("\(platform.platform): the \(ByteCount(size)) of its base image stay where that is")
        }
        for platform in image.platforms {
            let size = platform.layers.map(\.descriptor.size).reduce(0, +)
            console.update(platform.platform.description) { row in
                let digest = platform.manifest.digest
                // A line has no room for all of it, and can be copied only as a whole.
                let shown = console.isLive ? "sha256:\(digest.short)…" : "\(digest)"
                row.text = "done, \(counted(platform.layers.count, "layer")), \(ByteCount(size)), \(shown)"
                row.isDone = true
            }
        }
        console.finish()
        let elapsed = ContinuousClock.now - progress.withLock { $0.began }
        let tenths = elapsed.components.seconds * 10 + elapsed.components.attoseconds / 100_000_000_000_000_000
        console.note("built \(image.tag) in \(tenths / 10).\(tenths % 10) s")
    }
}
