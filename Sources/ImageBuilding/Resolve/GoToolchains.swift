import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIModel

/// The Go toolchains that are pinned for an image, by the machines that run them.
struct GoToolchains: Sendable {
    var definition: Definition
    var archives: [Lock.Archive]
    /// Debian's packages, by machine (`linux/amd64`).
    var packages: [String: [Lock.Package]]
}

extension PinOpener {
    /// Makes a compiler of the toolchain for this machine, which is opened when something has to be compiled.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) where none is pinned for this machine.
    func goBuilder(_ toolchains: GoToolchains) throws -> GoBuilder {
        GoBuilder(
            store: inputs.store, pool: inputs.pool, toolchain: try toolchain(toolchains),
            host: inputs.host.architecture)
    }

    private func toolchain(_ toolchains: GoToolchains) throws -> GoToolchain {
        let (name, host) = (toolchains.definition.name, inputs.host.architecture)
        if let request = toolchains.definition.toolchainRequest(host: host) {
            let pin = try toolchains.archives.pin(request, of: name)
            return GoToolchain(identity: [pin.sha256]) { try GoToolchain.tree([try await open(pin).tree]) }
        }
        guard let pins = toolchains.packages[Platform(os: "linux", architecture: host).description] else {
            let known = toolchains.packages.keys.sorted().joined(separator: ", ")
            throw ImageBuildingError(
                .refused, "the lock of \(name) has no Go toolchain for \(host) machines",
                hint: known.isEmpty ? "run 'imagebuild lock'" : "it has those for \(known): build on such a machine")
        }
        return GoToolchain(identity: pins.map(\.sha256).sorted { $0.hex < $1.hex }) {
            try GoToolchain.tree(try await open(pins).map(\.contents.tree))
        }
    }

    /// Pins every set of published modules that a definition asks for, with the toolchain that has just been pinned.
    func pinModules(
        of definition: Definition, _ previous: Lock?, _ toolchains: GoToolchains
    ) async throws -> [Lock.GoModules] {
        var sets: [Lock.GoModules] = []
        for request in definition.goModuleRequests {
            note("selecting the Go modules of \(request.modules.map(\.description).joined(separator: ", "))")
            let known = previous?.goModules(request.modules)
            sets.append(try await goBuilder(toolchains).pin(request, from: inputs.goModules, previous: known))
        }
        return sets
    }
}
