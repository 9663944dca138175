#!/bin/bash

__qkdctl_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__qkdctl_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__qkdctl_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__qkdctl_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_qkdctl() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __qkdctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    run|replay|sift|distill|keyrate|list|info|drivers|get|set|query|emulate|safe|doctor|capture|tags|benchmark|help)
        # Offer subcommand argument completions
        "_qkdctl_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'run replay sift distill keyrate list info drivers get set query emulate safe doctor capture tags benchmark help' -- "${cur}"))
        ;;
    esac
}

_qkdctl_run() {
    repeating_flags=()
    non_repeating_flags=(--save-tags --align --sift-only --version -h --help)
    repeating_options=(--fault)
    non_repeating_options=(--bench --seed --format --duration --out --proof --eps-sec --eps-cor --method --round-trip-ms --raw-rate --frame-bits --patience)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    '--duration')
        return
        ;;
    '--out')
        return
        ;;
    '--proof')
        __qkdctl_add_completions -W 'lim2014-literal'$'\n''lim2014-clipped'$'\n''lim2014-clipped-errors'$'\n''rusca2018'$'\n''tomamichel2012'
        return
        ;;
    '--eps-sec')
        return
        ;;
    '--eps-cor')
        return
        ;;
    '--method')
        __qkdctl_add_completions -W 'cascade'$'\n''ldpc'$'\n''auto'
        return
        ;;
    '--round-trip-ms')
        return
        ;;
    '--raw-rate')
        return
        ;;
    '--frame-bits')
        return
        ;;
    '--patience')
        return
        ;;
    '--fault')
        return
        ;;
    esac
}

_qkdctl_replay() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--out --format)
    __qkdctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--out')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -d
        return
        ;;
    esac
}

_qkdctl_sift() {
    repeating_flags=()
    non_repeating_flags=(--follow --force --version -h --help)
    repeating_options=()
    non_repeating_options=(--protocol --alice --bob --map --alice-format --bob-format --window-ps --dedup --range-s --offset-s --max-skew-ppm --correlation --confidence --stretch-ms --out --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--protocol')
        __qkdctl_add_completions -W 'bbm92'$'\n''bb84'
        return
        ;;
    '--alice')
        __qkdctl_add_completions -f
        return
        ;;
    '--bob')
        __qkdctl_add_completions -f
        return
        ;;
    '--map')
        return
        ;;
    '--alice-format')
        return
        ;;
    '--bob-format')
        return
        ;;
    '--window-ps')
        return
        ;;
    '--dedup')
        return
        ;;
    '--range-s')
        return
        ;;
    '--offset-s')
        return
        ;;
    '--max-skew-ppm')
        return
        ;;
    '--correlation')
        return
        ;;
    '--confidence')
        return
        ;;
    '--stretch-ms')
        return
        ;;
    '--out')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_distill() {
    repeating_flags=()
    non_repeating_flags=(--force --version -h --help)
    repeating_options=()
    non_repeating_options=(--alice --bob --key-format --record --bench --test-bits --test-errors --sample --proof --eps-sec --eps-cor --method --round-trip-ms --raw-rate --frame-bits --public-seed --out --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--alice')
        __qkdctl_add_completions -f
        return
        ;;
    '--bob')
        __qkdctl_add_completions -f
        return
        ;;
    '--key-format')
        __qkdctl_add_completions -W 'auto'$'\n''qkdctl'$'\n''text'$'\n''bytes'
        return
        ;;
    '--record')
        __qkdctl_add_completions -f
        return
        ;;
    '--bench')
        __qkdctl_add_completions -f
        return
        ;;
    '--test-bits')
        return
        ;;
    '--test-errors')
        return
        ;;
    '--sample')
        return
        ;;
    '--proof')
        __qkdctl_add_completions -W 'lim2014-literal'$'\n''lim2014-clipped'$'\n''lim2014-clipped-errors'$'\n''rusca2018'$'\n''tomamichel2012'
        return
        ;;
    '--eps-sec')
        return
        ;;
    '--eps-cor')
        return
        ;;
    '--method')
        __qkdctl_add_completions -W 'cascade'$'\n''ldpc'$'\n''auto'
        return
        ;;
    '--round-trip-ms')
        return
        ;;
    '--raw-rate')
        return
        ;;
    '--frame-bits')
        return
        ;;
    '--public-seed')
        return
        ;;
    '--out')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_keyrate() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--link --bench --proof --blocks --distance --loss --attenuation --efficiency --dark --afterpulse --misalignment --dead-time-ns --pulse-rate-hz --factor --weak --eps-sec --eps-sec-per-bit --eps-cor --csv --svg --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--link')
        __qkdctl_add_completions -W 'lim2014'$'\n''gys2004'$'\n''rusca2018'$'\n''pairs2007'
        return
        ;;
    '--bench')
        __qkdctl_add_completions -f
        return
        ;;
    '--proof')
        return
        ;;
    '--blocks')
        return
        ;;
    '--distance')
        return
        ;;
    '--loss')
        return
        ;;
    '--attenuation')
        return
        ;;
    '--efficiency')
        return
        ;;
    '--dark')
        return
        ;;
    '--afterpulse')
        return
        ;;
    '--misalignment')
        return
        ;;
    '--dead-time-ns')
        return
        ;;
    '--pulse-rate-hz')
        return
        ;;
    '--factor')
        return
        ;;
    '--weak')
        return
        ;;
    '--eps-sec')
        return
        ;;
    '--eps-sec-per-bit')
        return
        ;;
    '--eps-cor')
        return
        ;;
    '--csv')
        __qkdctl_add_completions -f
        return
        ;;
    '--svg')
        __qkdctl_add_completions -f
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_list() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_info() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed --format)
    __qkdctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -W 'alice-modulator'$'\n''alice-attenuator'$'\n''alice-random'$'\n''bob-detector-z0'$'\n''bob-detector-z1'$'\n''bob-detector-x0'$'\n''bob-detector-x1'$'\n''bob-tagger'
        return
        ;;
    esac
}

_qkdctl_drivers() {
    repeating_flags=()
    non_repeating_flags=(--unverified --version -h --help)
    repeating_options=()
    non_repeating_options=(--format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_get() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed --format)
    __qkdctl_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -W 'alice-modulator'$'\n''alice-attenuator'$'\n''alice-random'$'\n''bob-detector-z0'$'\n''bob-detector-z1'$'\n''bob-detector-x0'$'\n''bob-detector-x1'$'\n''bob-tagger'
        return
        ;;
    esac
}

_qkdctl_set() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed --format)
    __qkdctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -W 'alice-modulator'$'\n''alice-attenuator'$'\n''alice-random'$'\n''bob-detector-z0'$'\n''bob-detector-z1'$'\n''bob-detector-x0'$'\n''bob-detector-x1'$'\n''bob-tagger'
        return
        ;;
    esac
}

_qkdctl_query() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed --format)
    __qkdctl_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -W 'alice-modulator'$'\n''alice-attenuator'$'\n''alice-random'$'\n''bob-detector-z0'$'\n''bob-detector-z1'$'\n''bob-detector-x0'$'\n''bob-detector-x1'$'\n''bob-tagger'
        return
        ;;
    esac
}

_qkdctl_emulate() {
    repeating_flags=()
    non_repeating_flags=(--vendor-ports --usbip --version -h --help)
    repeating_options=()
    non_repeating_options=(--seed --address --usbip-port --write-bench --log)
    __qkdctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--seed')
        return
        ;;
    '--address')
        return
        ;;
    '--usbip-port')
        return
        ;;
    '--write-bench')
        __qkdctl_add_completions -f
        return
        ;;
    '--log')
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_safe() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    esac
}

_qkdctl_doctor() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_capture() {
    repeating_flags=()
    non_repeating_flags=(--prepare --version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed --format --out --to --duration --events --idle-timeout --rotate-s --rotate-events)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    '--out')
        __qkdctl_add_completions -f
        return
        ;;
    '--to')
        return
        ;;
    '--duration')
        return
        ;;
    '--events')
        return
        ;;
    '--idle-timeout')
        return
        ;;
    '--rotate-s')
        return
        ;;
    '--rotate-events')
        return
        ;;
    esac
}

_qkdctl_tags() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __qkdctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    info|convert|merge|cut|histogram|correlate|coincidences|emulate)
        # Offer subcommand argument completions
        "_qkdctl_tags_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'info convert merge cut histogram correlate coincidences emulate' -- "${cur}"))
        ;;
    esac
}

_qkdctl_tags_info() {
    repeating_flags=()
    non_repeating_flags=(--header --version -h --help)
    repeating_options=()
    non_repeating_options=(--input-format --format)
    __qkdctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--input-format')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_tags_convert() {
    repeating_flags=()
    non_repeating_flags=(--rezero --specials --force --version -h --help)
    repeating_options=()
    non_repeating_options=(--input-format --channels --channel-map --shift-ps --to --resolution-ps --sync-period-ps --sort-ps --header-from --format)
    __qkdctl_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--input-format')
        return
        ;;
    '--channels')
        return
        ;;
    '--channel-map')
        return
        ;;
    '--shift-ps')
        return
        ;;
    '--to')
        return
        ;;
    '--resolution-ps')
        return
        ;;
    '--sync-period-ps')
        return
        ;;
    '--sort-ps')
        return
        ;;
    '--header-from')
        __qkdctl_add_completions -f
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -f
        return
        ;;
    2)
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_tags_merge() {
    repeating_flags=()
    non_repeating_flags=(--force --version -h --help)
    repeating_options=()
    non_repeating_options=(-o --output --input-format --channel-step --to --resolution-ps --sync-period-ps --sort-ps --header-from --format)
    __qkdctl_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '-o'|'--output')
        __qkdctl_add_completions -f
        return
        ;;
    '--input-format')
        return
        ;;
    '--channel-step')
        return
        ;;
    '--to')
        return
        ;;
    '--resolution-ps')
        return
        ;;
    '--sync-period-ps')
        return
        ;;
    '--sort-ps')
        return
        ;;
    '--header-from')
        __qkdctl_add_completions -f
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_tags_cut() {
    repeating_flags=()
    non_repeating_flags=(--rezero --specials --force --version -h --help)
    repeating_options=()
    non_repeating_options=(--input-format --from-s --to-s --channels --channel-map --shift-ps --to --resolution-ps --sync-period-ps --sort-ps --header-from --format)
    __qkdctl_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--input-format')
        return
        ;;
    '--from-s')
        return
        ;;
    '--to-s')
        return
        ;;
    '--channels')
        return
        ;;
    '--channel-map')
        return
        ;;
    '--shift-ps')
        return
        ;;
    '--to')
        return
        ;;
    '--resolution-ps')
        return
        ;;
    '--sync-period-ps')
        return
        ;;
    '--sort-ps')
        return
        ;;
    '--header-from')
        __qkdctl_add_completions -f
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -f
        return
        ;;
    2)
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_tags_histogram() {
    repeating_flags=()
    non_repeating_flags=(--intervals --version -h --help)
    repeating_options=()
    non_repeating_options=(--input-format --format --bin-ms --bin-ps --bins)
    __qkdctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--input-format')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    '--bin-ms')
        return
        ;;
    '--bin-ps')
        return
        ;;
    '--bins')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_tags_correlate() {
    repeating_flags=()
    non_repeating_flags=(--peaks --version -h --help)
    repeating_options=()
    non_repeating_options=(--input-format --format --channels --range-ns --bin-ps)
    __qkdctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--input-format')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    '--channels')
        return
        ;;
    '--range-ns')
        return
        ;;
    '--bin-ps')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_tags_coincidences() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=(--group --delay)
    non_repeating_options=(--input-format --format --window-ps)
    __qkdctl_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--input-format')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    '--window-ps')
        return
        ;;
    '--group')
        return
        ;;
    '--delay')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __qkdctl_add_completions -f
        return
        ;;
    esac
}

_qkdctl_tags_emulate() {
    repeating_flags=()
    non_repeating_flags=(--force --version -h --help)
    repeating_options=()
    non_repeating_options=(--out --duration --seed --to --resolution-ps --pair-rate-hz --arms --jitter-fwhm-ps --dark-rate-hz --bob-background-hz --dead-time-ns --alice-delays-ps --bob-delays-ps --alice-angles --bob-angles --offset-s --skew-ppm --drift-per-s --visibility --state --ghost-probability --ghost-delay-ns --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--out')
        __qkdctl_add_completions -d
        return
        ;;
    '--duration')
        return
        ;;
    '--seed')
        return
        ;;
    '--to')
        return
        ;;
    '--resolution-ps')
        return
        ;;
    '--pair-rate-hz')
        return
        ;;
    '--arms')
        return
        ;;
    '--jitter-fwhm-ps')
        return
        ;;
    '--dark-rate-hz')
        return
        ;;
    '--bob-background-hz')
        return
        ;;
    '--dead-time-ns')
        return
        ;;
    '--alice-delays-ps')
        return
        ;;
    '--bob-delays-ps')
        return
        ;;
    '--alice-angles')
        return
        ;;
    '--bob-angles')
        return
        ;;
    '--offset-s')
        return
        ;;
    '--skew-ppm')
        return
        ;;
    '--drift-per-s')
        return
        ;;
    '--visibility')
        return
        ;;
    '--state')
        __qkdctl_add_completions -W 'same'$'\n''opposite'
        return
        ;;
    '--ghost-probability')
        return
        ;;
    '--ghost-delay-ns')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __qkdctl_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    physics|W1|W2|W3|W4|W5|W6|W7|W8|pipeline|live)
        # Offer subcommand argument completions
        "_qkdctl_benchmark_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'physics W1 W2 W3 W4 W5 W6 W7 W8 pipeline live' -- "${cur}"))
        ;;
    esac
}

_qkdctl_benchmark_physics() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bench --seed --slots --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--bench')
        return
        ;;
    '--seed')
        return
        ;;
    '--slots')
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W1() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--records --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--records')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W2() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--tags --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--tags')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W3() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--tags --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--tags')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W4() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--seeds --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--seeds')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W5() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--detections --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--detections')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W6() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bits --method --frames --round-trip-ms --width --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--bits')
        return
        ;;
    '--method')
        __qkdctl_add_completions -W 'cascade'$'\n''ldpc'$'\n''auto'
        return
        ;;
    '--frames')
        return
        ;;
    '--round-trip-ms')
        return
        ;;
    '--width')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W7() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--sizes --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--sizes')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_W8() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--bits --workers --method --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--bits')
        return
        ;;
    '--workers')
        return
        ;;
    '--method')
        __qkdctl_add_completions -W 'cascade'$'\n''ldpc'$'\n''auto'
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_pipeline() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--tags --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--tags')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_benchmark_live() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--rate --seconds --ring-mib --seed --runs --save --format)
    __qkdctl_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--rate')
        return
        ;;
    '--seconds')
        return
        ;;
    '--ring-mib')
        return
        ;;
    '--seed')
        return
        ;;
    '--runs')
        return
        ;;
    '--save')
        __qkdctl_add_completions -d
        return
        ;;
    '--format')
        __qkdctl_add_completions -W 'table'$'\n''json'$'\n''jsonl'
        return
        ;;
    esac
}

_qkdctl_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __qkdctl_offer_flags_options -1
}

complete -o filenames -F _qkdctl qkdctl
