package import ImageAssembly
import ImageDefinition
package import ImageInputs
package import OCIContent
import OCIModel

/// Resolves and builds images: in this store, on this host, from these places.
package struct ImageBuilder: Sendable {
    private(set) var store: ContentStore
    let host: BuildHost
    /// Checks the signatures that locks rest on.
    let verifier: ReleaseVerifier
    /// Read only where something has to be fetched or made: an image that is known needs none of it.
    let settings: @Sendable () throws -> InputSettings
    let observe: @Sendable (BuildEvent) -> Void

    package init(
        store: ContentStore, host: BuildHost, verifier: ReleaseVerifier,
        settings: @escaping @Sendable () throws -> InputSettings,
        observe: @escaping @Sendable (BuildEvent) -> Void
    ) {
        self.store = store
        self.host = host
        self.verifier = verifier
        self.settings = settings
        self.observe = observe
    }

    /// Tells of what takes long.
    var stage: StageObserver { StageObserver(tellingOn: observe) }

    /// Hands out the places that inputs come from, for the time of `use`.
    func withSources<Result: Sendable>(_ use: (InputSources) async throws -> Result) async throws -> Result {
        try await InputSources.with(settings(), verifier: verifier, store: store, host: host, use)
    }

    /// Builds an image: resolve → fetch → make → plan → assemble → gate → output. Where the store remembers the image,
    /// the output alone is left to do, unless the request wants everything verified.
    ///
    /// - Returns: The image of the request's platforms, and what its outputs have now, in their order.
    /// - Throws: `ImageBuildingError`, and the errors of the modules on the way.
    package func build(_ request: BuildRequest) async throws -> (image: BuiltImage, outputs: [WrittenOutput]) {
        let began = host.now()
        let files = try FolderInputs(request.folder, request.platforms)
        let decision = try request.decision(about: request.folder.lockFile())
        let remembered = try decision.lock.flatMap { store.builtImage(try key(request, $0, files)) }
        if let lock = decision.lock, let known = remembered, !request.isVerified {
            let written = try await output(known, request, lock)
            let version = request.programs?.version ?? known.tag
            observe(.note("\(request.folder.definition.name) \(version): nothing changed"))
            return (known, written)
        }
        var builder = self
        if request.isVerified { builder.store = store.believingNoRecord() }
        let built = try await builder.make(request, decision, files, began: began)
        if let remembered, remembered != built.image {
            observe(
                .warning(
                    "the store remembered another image for these inputs, \(remembered.index.digest): somebody changed "
                        + "its records, or a disk did"))
        }
        return built
    }

    private func make(
        _ request: BuildRequest, _ decision: LockDecision, _ files: FolderInputs, began: Int64
    ) async throws -> (image: BuiltImage, outputs: [WrittenOutput]) {
        observe(.began(request.platforms))
        let (image, lock) = try await withSources { sources in
            let lock = try await fetchedLock(decision, request, sources)
            let contents = try await ContentsMaker(request, lock.lock, files, sources, observe).contents()
            let plan = try plan(request, lock.lock, files, contents)
            let image = try await assemble(plan, request, files, sources)
            return (BuiltImage(image), lock)
        }
        // A file changed in the moment before we looked could change again within the clock's grain, unnoticed.
        if files.latestChange < began - 100_000_000 { try remember(image, request, lock, files) }
        let written = try await output(image, request, lock)
        observe(.finished(image))
        return (image, written)
    }
}
