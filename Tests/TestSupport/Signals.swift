import Synchronization

/// Something that a test says when it is so, for what waits for it elsewhere.
package final class Flag: Sendable {
    private let raised = Atomic(false)

    package init() {}

    package var isRaised: Bool { raised.load(ordering: .acquiring) }
    package func raise() { raised.store(true, ordering: .releasing) }
}

/// Counts what happens anywhere.
package final class Counter: Sendable {
    private let count = Atomic(0)

    package init() {}

    package var value: Int { count.load(ordering: .acquiring) }
    package func increment() { count.add(1, ordering: .acquiringAndReleasing) }
}
