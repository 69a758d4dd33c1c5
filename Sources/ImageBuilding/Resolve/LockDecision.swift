import ImageDefinition
import OCIModel

/// The decision of a build about the lock that it finds beside the definition.
enum LockDecision: Sendable {
    case use(LockFile)
    /// The platforms that the lock lacks are resolved, for this reason; the others stay as they are.
    case extend(LockFile, by: [Platform], reason: String)
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
        func resolving(_ reason: String, _ options: String) throws -> String {
            guard !isLocked, !isOffline else {
                throw ImageBuildingError(
                    .refused, reason,
                    hint: "run 'imagebuild lock \(folder.arguments)\(options)', and commit what it writes")
            }
            return reason
        }
        guard let file, try file.lock.answers(definition) else {
            let problem = file == nil ? "has no lock yet" : "has a lock that answers another definition"
            return .resolve(reason: try resolving("\(definition.name) \(problem)", ""), previous: file?.lock)
        }
        let absent = platforms.filter { file.lock.platforms[$0.description] == nil }
        guard !absent.isEmpty else { return .use(file) }
        let names = absent.map(\.description).joined(separator: ", ")
        let options = absent.map { " --platform \($0)" }.joined()
        return .extend(
            file, by: absent, reason: try resolving("the lock of \(definition.name) has no \(names)", options))
    }
}
