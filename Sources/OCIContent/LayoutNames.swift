/// The names in the folder of an OCI layout (image-spec, image-layout.md).
enum LayoutNames {
    static let (blobs, index, marker) = ("blobs", "index.json", "oci-layout")
}
