# Completion of muenbuild(1) for bash. The program itself knows its verbs and options.
_muenbuild() {
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-} words
	if [ "$COMP_CWORD" -eq 1 ] && [[ $word != -* ]]; then
		words=$("${COMP_WORDS[0]}" --completions 2>/dev/null)
	elif [[ $word == -* ]]; then
		[[ $verb == -* ]] && verb=build
		words=$("${COMP_WORDS[0]}" --completions "$verb" 2>/dev/null)
	else
		COMPREPLY=($(compgen -f -- "$word"))
		return
	fi
	COMPREPLY=($(compgen -W "$words" -- "$word"))
	[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
	return 0
}
complete -o filenames -F _muenbuild muenbuild
