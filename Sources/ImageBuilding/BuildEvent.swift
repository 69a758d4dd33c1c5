package import ImageAssembly
package import ImageDefinition
import ImageInputs
package import OCIModel

/// An event while an image is resolved and built, for a person to watch.
package enum BuildEvent: Sendable {
    case note(String)
    /// Something that the user must not miss.
    case warning(String)
    /// Something that takes long begins, or is over.
    case stage(String, isOver: Bool)
    /// Nothing is remembered that answers the request: these platforms are built, in the order of the index.
    case began([Platform])
    /// The platform's packages that are not in the store are fetched; never empty.
    case fetching(Platform, [Lock.Package])
    /// Bytes of a package arrived; a negative number takes back bytes that had to be dropped.
    case received(Lock.Package, Int64)
    /// All packages are in the store.
    case fetched
    /// The platform's packages are opened; never empty.
    case opening(Platform, [Lock.Package])
    case opened(Lock.Package)
    case planned(BuildPlan)
    case assembled(AssemblyEvent)
    case finished(BuiltImage)
}

extension StageObserver {
    init(tellingOn observe: @escaping @Sendable (BuildEvent) -> Void) {
        self.init { observe(.stage($0, isOver: $1)) }
    }
}
