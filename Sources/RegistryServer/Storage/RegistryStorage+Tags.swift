import DurableFiles
import OCIContent
import OCIModel
import SystemPackage

/// The condition under which a tag is set (RFC 9110, 13.1).
enum TagCondition: Hashable, Sendable {
    case none
    /// `If-None-Match: *`: the tag must not exist.
    case absent
    /// `If-Match: *`: the tag must exist.
    case present
    /// `If-Match` with digests: the tag must name one of them.
    case names(Set<String>)
}

extension RegistryStorage {
    func path(of tag: Tag, in repository: RepositoryName) -> FilePath {
        folder(.tags, of: repository).appending(tag.description)
    }

    /// Returns a repository's tags in byte order.
    func tags(of repository: RepositoryName) throws -> [Tag] {
        try names(in: folder(.tags, of: repository)).compactMap { Tag($0) }
    }

    /// Returns the digest that a tag names; `nil` if there is no such tag.
    func digest(of tag: Tag, in repository: RepositoryName) throws -> Digest? {
        try FileSystem.read(path(of: tag, in: repository), limit: 256).flatMap {
            try? Digest(String(decoding: $0, as: UTF8.self))
        }
    }

    func resolve(_ name: ManifestName, in repository: RepositoryName) throws -> Digest? {
        switch name {
        case .digest(let digest): digest
        case .tag(let tag): try digest(of: tag, in: repository)
        }
    }

    /// Sets a tag if the condition holds at that moment.
    ///
    /// - Returns: Whether the condition held.
    func set(_ tag: Tag, to digest: Digest, if condition: TagCondition, in repository: RepositoryName) throws
        -> Bool
    {
        try tagging.withLock {
            let current = try condition == .none ? nil : self.digest(of: tag, in: repository)
            switch condition {
            case .none: break
            case .absent: guard current == nil else { return false }
            case .present: guard current != nil else { return false }
            case .names(let digests): guard let current, digests.contains(current.description) else { return false }
            }
            try write(Array(digest.description.utf8), to: tag.description, in: folder(.tags, of: repository))
            return true
        }
    }

    /// Removes a tag.
    ///
    /// - Returns: `false` if there is no such tag.
    func remove(_ tag: Tag, from repository: RepositoryName) throws -> Bool {
        try tagging.withLock {
            let path = path(of: tag, in: repository)
            guard FileSystem.regularFileSize(path) != nil else { return false }
            try FileSystem.remove(path)
            return true
        }
    }
}
