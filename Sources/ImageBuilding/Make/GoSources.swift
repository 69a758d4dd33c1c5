import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIModel
import Scheduling

/// The sources of Go programs, as a lock and the image's folder have them.
struct GoSources: Sendable {
    /// A source that is opened only when something has to be compiled.
    struct Source: Sendable {
        /// For people.
        var name: String
        var identity: [Digest]
        var open: @Sendable () async throws -> GoSourceTree
    }

    var name: String
    var lock: Lock
    /// Folders of Go source, by how the definition calls them.
    var folders: [String: FolderFiles]
    var opener: PinOpener

    /// Finds a source for a bundled version and a platform.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) where the lock does not have it.
    func source(_ source: Definition.GoSource, _ version: String, _ platform: Platform) async throws -> Source {
        switch source {
        case .packages(let library, _): try packages(library, version, platform)
        case .archive(let requirement): try archive(requirement.request(.init(version: version, platform: platform)))
        case .modules: try modules(source.modules(version: version) ?? [])
        case .folder(let folder): try await self.folder(folder)
        }
    }

    private func packages(_ library: String, _ version: String, _ platform: Platform) throws -> Source {
        let pins = lock.inputs(for: platform).sources?[version] ?? []
        guard let pin = pins.first(where: { $0.name == library }) else {
            throw refusal("source of \(version) for \(platform)")
        }
        return Source(name: "\(library) \(pin.version)", identity: pins.map(\.sha256).sorted { $0.hex < $1.hex }) {
            try GoSourceTree(packages: try await opener.open(pins).map(\.contents))
        }
    }

    private func archive(_ request: ArchiveRequest) throws -> Source {
        let pin = try (lock.archives ?? []).pin(request, of: name)
        return Source(name: pin.fileName, identity: [pin.sha256]) {
            let opened = try await opener.open(pin)
            return try GoSourceTree(modules: opened.tree, date: opened.date)
        }
    }

    private func modules(_ requested: [Definition.GoModule]) throws -> Source {
        guard let modules = lock.goModules(requested) else {
            throw refusal("Go modules \(requested.map(\.description).joined(separator: ", "))")
        }
        return Source(name: modules.requested.joined(separator: ", "), identity: [try modules.identity]) {
            try await opener.open(modules)
        }
    }

    private func folder(_ folder: String) async throws -> Source {
        guard let tree = folders[folder]?.tree else {
            throw ImageBuildingError(.refused, "the folder \(folder) was not read")
        }
        let digest = try await opener.inputs.pool.run { _ in try tree.contentDigest() }
        return Source(name: "the Go module in \(folder)", identity: [digest]) {
            try GoSourceTree(modules: tree, date: 0)
        }
    }

    private func refusal(_ what: String) -> ImageBuildingError {
        ImageBuildingError(.refused, "the lock of \(name) has no \(what)", hint: "run 'imagebuild lock'")
    }
}
