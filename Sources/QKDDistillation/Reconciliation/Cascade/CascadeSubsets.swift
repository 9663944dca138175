/// The random halves on the side that corrects: parities of nodes of the tree over the frame, each within a subset.
struct CascadeSubsets {
    /// A node of one subset's tree with the other side's parity: 2^`log` bits from `start` on, those of them in the subset.
    struct Node {
        var subset: Int
        var start: Int
        var log: Int
        /// Whether the sides differ; kept up to date, because these nodes are large.
        var isOdd: Bool

        /// Where its right half begins, unless it is a single bit.
        var middle: Int { start + 1 << (log - 1) }
    }

    private(set) var nodes: [Node] = []

    /// Learns a whole subset, `isOdd` as the bits are now.
    mutating func learn(_ node: Node) { nodes.append(node) }

    /// Puts a node's halves in its place.
    mutating func cut(_ node: Node, isLeftOdd: Bool) {
        guard let index = nodes.firstIndex(where: { $0.subset == node.subset && $0.start == node.start }) else {
            return
        }
        let isOdd = nodes[index].isOdd
        nodes[index] = Node(subset: node.subset, start: node.start, log: node.log - 1, isOdd: isLeftOdd)
        nodes.append(Node(subset: node.subset, start: node.middle, log: node.log - 1, isOdd: isLeftOdd != isOdd))
    }

    /// A bit was corrected.
    mutating func flip(_ bit: Int, in subsets: [[UInt64]]) {
        for index in nodes.indices {
            let node = nodes[index]
            guard bit >> node.log == node.start >> node.log,
                subsets[node.subset][bit >> 6] >> UInt64(bit & 63) & 1 != 0
            else { continue }
            nodes[index].isOdd.toggle()
        }
    }

    /// The smallest odd node.
    var smallestOdd: Node? { nodes.lazy.filter(\.isOdd).min { $0.log < $1.log } }
}
