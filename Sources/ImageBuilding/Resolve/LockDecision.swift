import ImageDefinition

/// What a build does about the lock that it finds beside the definition.
enum LockDecision: Sendable {
    case use(LockFile)
    /// Every input is resolved anew, for this reason; nothing may be older than what the previous lock names.
    case resolve(reason: String, previous: Lock?)

    var lock: LockFile? {
        guard case .use(let file) = self else { return nil }
        return file
    }
}

extension BuildRequest {
    /// Decides whether a lock answers the definition. One that does not is as good as none.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) where inputs must not be resolved anew.
    func decision(about file: LockFile?) throws -> LockDecision {
        let definition = folder.definition
        guard definition.needsLock else { return .use(try LockFile(empty: definition)) }
        if let file, try file.lock.requirements == definition.requirementsDigest { return .use(file) }
        let problem = file == nil ? "has no lock yet" : "has a lock that answers another definition"
        let reason = "\(definition.name) \(problem)"
        guard !isLocked, !isOffline else {
            throw ImageBuildingError(.refused, reason, hint: "run 'imagebuild lock', and commit what it writes")
        }
        return .resolve(reason: reason, previous: file?.lock)
    }
}
