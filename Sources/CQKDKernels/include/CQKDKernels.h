#ifndef CQKDKERNELS_H
#define CQKDKERNELS_H

#include <stddef.h>
#include <stdint.h>

// The engine's hot loops. Each works on whole batches, allocates nothing, and takes the level of instructions to use.
// What each computes is defined by its twin in Swift (the room QKDKernels); all levels give the same answer, bit by bit.

/// Levels of instructions, rising; a level that the machine or the build lacks must not be passed.
enum { QKD_LEVEL_SCALAR = 0, QKD_LEVEL_AVX2 = 1, QKD_LEVEL_AVX512 = 2 };

/// The best level of this machine.
int qkd_best_level(void);

/// What a decoder of HydraHarp-like T2 records keeps from one batch to the next.
typedef struct {
    int64_t base;           // ticks that overflow records have added so far
    int64_t maximum_base;   // beyond it a time could leave the range; the decoder stops there
    int64_t overflow_ticks; // ticks of one overflow
    int64_t tick_ps;        // picoseconds of a tick, below 2^32
    int32_t counts_overflows;   // whether an overflow record tells how many it stands for
    int32_t reserved;
    int64_t overflow_records, wraps, syncs, markers, illegal;
} qkd_t2_state;

/// Decodes `count` little-endian records into times (ps) and channels, each with room for `count`.
/// Returns how many records were taken (fewer only where the range of time ends) and their tags in `tags`.
size_t qkd_t2_decode(int level, qkd_t2_state *state, const void *records, size_t count, int64_t *times,
                     uint8_t *channels, size_t *tags);

/// Where a search for pairs stands.
typedef struct {
    size_t a;    // the next tag of A
    size_t b;    // the first of B that may pair with it
    size_t next; // of B, the next to pair with it where the room for pairs ended; else 0
} qkd_pair_cursor;

/// Finds all pairs with low <= b[j] - a[i] <= high, by rising i and then j, from the cursor on. Both rise (otherwise
/// pairs are missed); fewer than 2^32 each. Returns how many pairs were written, `capacity` (1 or more) at most; when
/// the cursor's `a` has come to `count_a` there are no more.
size_t qkd_pairs(const int64_t *a, size_t count_a, const int64_t *b, size_t count_b, int64_t low, int64_t high,
                 qkd_pair_cursor *cursor, uint32_t *pairs_a, uint32_t *pairs_b, size_t capacity);

/// Where a search for neighbours stands.
typedef struct {
    size_t tag;  // the next tag
    size_t next; // the next one to look at beside it where the room for pairs ended; else 0
} qkd_neighbour_cursor;

/// Finds all pairs i < j of one stream of rising times with times[j] - times[i] <= window (0 or more) whose channels
/// differ in a bit of `sides`, by rising i and then j, from the cursor on; fewer than 2^32 tags. Returns how many pairs
/// were written, `capacity` at most; when the cursor's tag has come to `count` there are no more.
size_t qkd_neighbours(int level, const int64_t *times, const uint8_t *channels, size_t count, int64_t window,
                      uint8_t sides, qkd_neighbour_cursor *cursor, uint32_t *first, uint32_t *second,
                      size_t capacity);

/// Adds 1 to counts[(b[j] - a[i] - low) * multiplier >> shift] for all pairs with 0 <= b[j] - a[i] - low < limit.
/// Both rise (otherwise counts are wrong) and have fewer than 2^32; limit <= 2^31, multiplier < 2^32. `head` is a place
/// in B in front of which the first of A reaches nothing, and is moved on to one for the next of A.
void qkd_histogram(int level, const int64_t *a, size_t count_a, const int64_t *b, size_t count_b, int64_t low,
                   int64_t limit, uint64_t multiplier, int shift, size_t *head, int64_t *counts);

/// Where sifting stands: bits that both keys have, and errors among them.
typedef struct {
    size_t bits;
    size_t errors;
} qkd_sift_state;

/// Sifts 64 detections a word: where both bases are equal, both bits are appended to the keys, packed from bit 0 of
/// word 0 on. The words of the keys behind the last bit must be zero at first, with room for all bits and one word more.
void qkd_sift_planes(int level, const uint64_t *basis_a, const uint64_t *bits_a, const uint64_t *basis_b,
                     const uint64_t *bits_b, size_t words, uint64_t *key_a, uint64_t *key_b, qkd_sift_state *state);

/// The same for detections of a byte a side: those sift whose bytes differ in bit 0 at most, which is the key's bit.
void qkd_sift_bytes(int level, const uint8_t *a, const uint8_t *b, size_t count, uint64_t *key_a, uint64_t *key_b,
                    qkd_sift_state *state);

/// What a batch of tags looks like.
typedef struct {
    int64_t inversions;        // tags earlier than the one in front of them
    int64_t largest_inversion; // the longest step back, ps
    int64_t ties;              // tags at the time of the one in front of them
} qkd_tag_order;

/// Compares each of `count` times, of which the first has `previous` in front of it.
void qkd_tag_order_of(int level, const int64_t *times, size_t count, int64_t previous, qkd_tag_order *order);

/// Adds to `counts`, which has 256 entries, how often each channel is there.
void qkd_count_channels(int level, const uint8_t *channels, size_t count, int64_t *counts);

/// How one clock's times are told on another: t + offset + r, where r is the nearest whole number to
/// (c0 + c1 x + c2 x x) - delay[channel] with x = t - reference, all in ps; halves go to the even one.
typedef struct {
    int64_t reference, offset;
    double c0, c1, c2;
} qkd_clock;

/// Tells times on another clock; x lies within +-2^62, r within +-2^51. `delays` has 256 entries.
void qkd_align(int level, const qkd_clock *clock, const double *delays, const int64_t *times, const uint8_t *channels,
               size_t count, int64_t *aligned);

/// Parts tags whose channel has no bit of `sides` (side 0) from those that have (side 1), each in order, into memory
/// with room for `count` tags a side. Returns how many are of side 0.
size_t qkd_split(int level, const int64_t *times, const uint8_t *channels, size_t count, uint8_t sides,
                 int64_t *const side_times[2], uint8_t *const side_channels[2]);

// Strings of bits, 64 a word, for reconciliation.

/// Packs the bits of `plane` that stand under `mask`, in their order, from bit 0 of `packed` on; returns how many there
/// are. `packed` is zero at first and has room for them and one word more.
size_t qkd_bits_compress(int level, const uint64_t *plane, const uint64_t *mask, size_t words, uint64_t *packed);

/// The other way: puts packed bits, as many as `mask` has, to their places in `plane`; all others become zero. Returns
/// how many there are. `packed` can be read for one word more.
size_t qkd_bits_expand(int level, const uint64_t *packed, const uint64_t *mask, size_t words, uint64_t *plane);

/// The parity of all bits in front of each: bit i of `prefix`, which has words + 1 words, is that of the bits 0 ..< i.
void qkd_bits_prefix(const uint64_t *bits, size_t words, uint64_t *prefix);

/// Shuffles `words` times 64 bits, a multiple of 4096 and 65,536 at most, in two rounds: words are put in another order
/// and turned, then each 64 of them transposed; at last words are put in order once more. Entry i of `first` says
/// which word comes to place i (upper ten bits) and by how much it is turned upwards (lower six); `second` the same;
/// entry i of `third` says to which place word i goes. `scratch` has `words` words, too.
void qkd_bits_shuffle(int level, const uint16_t *first, const uint16_t *second, const uint16_t *third, size_t words,
                      const uint64_t *bits, uint64_t *scratch, uint64_t *shuffled);

// Products of polynomials over GF(2), 64 coefficients a word, the coefficient of x^i at position i % 64 of word i / 64.
//
// Long ones go through the ring R = GF(2)[x] / (x^2L + x^L + 1), in which x has the order 3 L: A. Schoenhage, Acta
// Informatica 7 (1977) 395. With w = x^L an element is low + high w, kept as two halves of `words` words each, low one
// first, whose bits from L on are zero; and w w = w + 1.

/// The shape of a transform over R.
typedef struct {
    size_t pieces; // how many elements: a power of 3, 3 or more
    size_t bits;   // L: a multiple of a third of `pieces`
    size_t words;  // of a half: a multiple of 4, with room for L bits
} qkd_gf2_ring;

/// How many words of scratch memory the functions below want at most for halves of `words` words.
size_t qkd_gf2_scratch_words(size_t words);

/// Zeros words that held key material.
void qkd_gf2_wipe(uint64_t *words, size_t count);

/// Multiplies two polynomials of `words` words (1 or more) each; the product has twice as many.
void qkd_gf2_product(int level, const uint64_t *a, const uint64_t *b, size_t words, uint64_t *product,
                     uint64_t *scratch);

/// Cuts `count` bits into pieces of L bits each, one an element; there are `pieces` L bits at most, and what lacks is
/// zero. Works on the elements first ..< end only.
void qkd_gf2_cut(const qkd_gf2_ring *ring, const uint64_t *bits, size_t count, uint64_t *elements, size_t first,
                 size_t end);

/// Adds the elements up, each moved L bits further than the one in front of it, cyclically, and writes `count` bits
/// from bit `first` on; first + count is `pieces` L at most. Bits of the last word past `count` become zero.
void qkd_gf2_join(const qkd_gf2_ring *ring, const uint64_t *elements, size_t first, size_t count, uint64_t *bits);

/// The first level of the transform of `count` elements (a power of 3, at most `pieces`): what is left to do are the
/// transforms of the three thirds. `inverse` undoes it, after the thirds. Works on the columns first ..< end of the
/// count / 3 there are.
void qkd_gf2_split(int level, const qkd_gf2_ring *ring, uint64_t *elements, size_t count, size_t first, size_t end,
                   int inverse, uint64_t *scratch);

/// The whole transform of `count` elements in place: a power of 3, at most `pieces`. Values come in an order of their
/// own, which the inverse takes.
void qkd_gf2_transform(int level, const qkd_gf2_ring *ring, uint64_t *elements, size_t count, int inverse,
                       uint64_t *scratch);

/// Multiplies each of `count` elements of A by that of B.
void qkd_gf2_multiply(int level, const qkd_gf2_ring *ring, uint64_t *a, const uint64_t *b, size_t count,
                      uint64_t *scratch);

/// A quasi-cyclic parity check matrix: `rows` by `columns` circulants, of which those that are not zero are told row by
/// row. Check `i` of a circulant's row sums up bit `(i + shift) mod lifting` of its column.
typedef struct {
    uint32_t lifting;             // size of a circulant, a multiple of 64
    uint32_t rows, columns;
    const uint32_t *row_starts;   // rows + 1 of them: where each row's circulants begin
    const uint16_t *edge_columns; // no column twice in a row
    const uint16_t *edge_shifts;  // below `lifting`
} qkd_ldpc_code;

/// The most circulants that a row may have.
enum { QKD_LDPC_WEIGHT = 128 };

/// The checks' sums of packed bits: `lifting / 64` words a column in, as many a row out.
void qkd_ldpc_syndrome(const qkd_ldpc_code *code, const uint64_t *bits, uint64_t *syndrome);

/// One sweep of layered min-sum over all rows. `totals` has `lifting + 64` bytes a column, of which the last 64 repeat
/// the first; `messages` has `lifting` bytes a circulant, zero before the first sweep. `table`, of 32 entries below 128,
/// is what a check sends for the smallest magnitude that it got. Returns how many checks were not met as they were read.
size_t qkd_ldpc_sweep(int level, const qkd_ldpc_code *code, const uint64_t *syndrome, const uint8_t *table,
                      int8_t *totals, int8_t *messages);

/// Packs the totals' signs, 1 for a negative one: `lifting / 64` words a column.
void qkd_ldpc_signs(int level, const qkd_ldpc_code *code, const int8_t *totals, uint64_t *bits);

#endif
