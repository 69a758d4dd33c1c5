/// The gates that every release has; a release file may add others.
package enum GateName: String, Hashable, Sendable, CaseIterable {
    /// The tag exists, and stands for a commit.
    case tag
    /// The tag is signed by a key that may.
    case tagSignature = "tag-signature"
    /// The checkout is at the tag's commit.
    case head
    /// The checkout has no changes and no files beside git's.
    case cleanTree = "clean-tree"
    /// The commit lies on the branch for its releases.
    case branch
    /// The source names the version.
    case sourceVersion = "source-version"
    /// The Go that compiles is the pinned one.
    case goVersion = "go-version"
    /// Every module's tag exists, is signed and stands for the same commit.
    case moduleTags = "module-tags"
    /// The previous release is an ancestor; a patch has no merges since, where the file says so.
    case history
}
