package import OCIModel

/// The knowledge of a repository that this run has, or takes over from one that died: it saves requests and proves
/// nothing.
extension RegistryRepository {
    /// Returns whether this run put or found a blob or document.
    package func isKnownPresent(_ digest: Digest) -> Bool { memory.isPresent(digest, in: name) }

    /// Takes a blob or document for present, because an earlier run put it there.
    package func assumePresent(_ digest: Digest) { memory.setPresent(digest, in: name) }

    /// Whether the repository is known to have been new when this run, or the one that it continues, began.
    package var isKnownNew: Bool { memory.isNew(name) ?? false }

    /// Takes the repository for one that has nothing but what an earlier run put there. A small blob that was under way
    /// when that died may be sent again, which takes no more requests than to ask for it.
    package func assumeNew() { memory.setNew(name, true) }

    /// Whether the registry takes a blob in one request; `nil` if that is not known.
    package var takesBlobsAtOnce: Bool? { memory.takesAtOnce }

    package func assumeTakesBlobsAtOnce(_ takes: Bool) { memory.setTakesAtOnce(takes) }
}
