package import OCIModel
package import SystemPackage

/// Content by digest, shared by concurrent builds, safe against death at any moment.
///
/// `blobs/sha256/<hex>` holds what is whole: every file there was written under `tmp/`, synced and renamed.
/// `records/<kind>/<key>` holds small JSON documents that remember work: what a digest was unpacked to, which layer a
/// recipe gave. Records may be lost at any time; they are never believed without the blob they name.
package struct ContentStore: Sendable {
    package let root: FilePath
    package init(root: FilePath) { self.root = root }
}
