import ImageAssembly
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

/// The base images of an image's platforms: pinned by a lock, read for a build.
struct BaseImages: Sendable {
    enum System { case linux, windows }

    var folder: ImageFolder
    var inputs: InputSources
    var observe: @Sendable (BuildEvent) -> Void

    var definition: Definition { folder.definition }

    /// Pins the base of every platform that has one, and keeps its configuration in the store.
    func pin(_ platforms: [Platform]) async throws -> [(platform: Platform, base: PinnedBaseImage)] {
        let pinned =
            try await pinWindows(platforms.filter { $0.os == "windows" })
            + pinLinux(platforms.filter { $0.os == "linux" })
        for (_, found) in pinned { _ = try inputs.store.add(found.config) }
        return pinned
    }

    private func pinLinux(_ platforms: [Platform]) async throws -> [(platform: Platform, base: PinnedBaseImage)] {
        guard let base = definition.base, !platforms.isEmpty else { return [] }
        return try await withSource(.linux) { source in
            let resolver = LinuxBaseResolver(source: source, name: try base.fullName, digest: base.digest)
            let found = try await mapConcurrently(platforms, limit: 4) {
                (platform: $0, base: try await resolver.resolve($0))
            }
            try await noteMove(of: base, in: source)
            return found
        }
    }

    private func pinWindows(_ platforms: [Platform]) async throws -> [(platform: Platform, base: PinnedBaseImage)] {
        guard !platforms.isEmpty else { return [] }
        do {
            return try await withSource(.windows) { source in
                let resolver = WindowsBaseResolver(source: source, repository: definition.windowsBase)
                return try await mapConcurrently(platforms, limit: 4) {
                    (platform: $0, base: try await resolver.resolve($0))
                }
            }
        } catch let error as any ExplainedError where definition.platforms.contains(where: { $0.os == "linux" }) {
            let others = "lock the others for now: imagebuild lock \(folder.arguments) --platform linux"
            throw ImageBuildingError(
                .unavailable, error.message, hint: error.hint.map { "\($0); or \(others)" } ?? others)
        }
    }

    /// The digest decides, and a lock that answers it is not stale; that the tag has moved on is for a person to judge.
    private func noteMove(of base: Definition.BaseImageRequirement, in source: any BaseImageSource) async throws {
        guard let tag = try base.tag else { return }
        do {
            let now = try await source.baseImage(named: tag).digest
            guard now != base.digest else { return }
            observe(.note("\(base.reference) is at \(now) now; the definition's base is \(base.digest)"))
        } catch let error as ImageInputsError {
            observe(.note("cannot tell whether the base image has moved on: \(error.message)"))
        }
    }

    /// Hands out the definition's repository: an OCI layout, or a registry's, which is connected to for that time.
    func withSource<Result: Sendable>(
        _ system: System, _ use: (any BaseImageSource) async throws -> Result
    ) async throws -> Result {
        let name = system == .windows ? definition.windowsBase : definition.base?.reference ?? ""
        if name.hasPrefix("oci:") {
            let path = folder.path.pushing(FilePath(String(name.dropFirst(4)))).lexicallyNormalized()
            return try await use(OCILayout(root: path))
        }
        return try await RegistryNetwork.withNetwork(inputs.registries) { network in
            let asked = try ImageReference(name)
            let places = try inputs.mirrors.repositories(for: asked.place).map { try ImageReference($0) }
            var repositories = try (places.isEmpty ? [asked] : places).map { reference in
                RegistryRepository(reference.repository, over: try network.connection(to: reference.host))
            }
            let last = repositories.removeLast()
            return try await use(
                RegistryBaseImages(
                    name: asked.place, base: MirroredSource(last, mirrors: repositories), isWindows: system == .windows
                ))
        }
    }
}

extension ImageFolder {
    /// Follows the Linux base image of each platform from the definition's digest again, through the documents beside the
    /// lock.
    func baseImageProblems(_ lock: Lock, for platforms: [Platform]) async throws -> [String] {
        guard let base = definition.base else { return [] }
        let proof = BaseImageProof { try proofFile($0) }
        let resolver = LinuxBaseResolver(source: proof, name: try base.fullName, digest: base.digest)
        var problems: [String] = []
        for platform in platforms where platform.os == "linux" {
            do {
                let found = try await resolver.resolve(platform).base
                guard found != lock.inputs(for: platform).baseImage else { continue }
                problems.append("the base image of \(platform) is not what \(base.digest) leads to")
            } catch {
                problems.append("\(platform): \(error)")
            }
        }
        return problems
    }
}

extension Definition.BaseImageRequirement {
    private var isLayout: Bool { reference.hasPrefix("oci:") }

    /// With the host, as the specification's annotation wants it.
    fileprivate var fullName: String {
        get throws { isLayout ? reference : try ImageReference(reference).description }
    }

    fileprivate var tag: String? {
        get throws { isLayout ? nil : try ImageReference(reference).tag?.description }
    }
}
