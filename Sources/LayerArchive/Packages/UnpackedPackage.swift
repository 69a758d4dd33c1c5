/// An unpacked `.deb`: its control members and the tree of its data member, with the contents decoded on disk.
package struct UnpackedPackage: Hashable, Sendable {
    /// The members of `control.tar` by name: `control`, `md5sums`, `conffiles`, `preinst`, …
    package var control: [String: [UInt8]]
    /// The data member as it is in the package, with nothing moved or merged.
    package var tree: FileTree
    /// The modification time of the `debian-binary` member in seconds since the epoch, which is when the package was
    /// built.
    package var date: Int64

    package init(control: [String: [UInt8]], tree: FileTree, date: Int64) {
        self.control = control
        self.tree = tree
        self.date = date
    }
}
