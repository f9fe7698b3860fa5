# What zsh would offer after a line: zsh -f complete.zsh SCRIPT_FOLDER SCRATCH 'rlm ask --fo'
zmodload zsh/zpty
offers=$2/offers
: > $offers
cat > $2/rc.zsh <<RC
PROMPT=
fpath=($1 \$fpath)
autoload -Uz compinit
compinit -u -d $2/dump
bindkey '^I' complete-word
zstyle ':completion:*' menu no
unsetopt prompt_cr
compadd () {
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "\$@"
        return \$?
    fi
    typeset -a found
    builtin compadd -A found "\$@"
    print -l -- \$found >> $offers
    builtin compadd "\$@"
}
done-completing () { print -- '<end>' >> $offers }
comppostfuncs=(done-completing)
RC
zpty z zsh -f -i
zpty -w z "source $2/rc.zsh; print -- read''y >> $offers"
repeat 500; do
    grep -q '^ready' $offers && break
    zpty -r -t z ignored
    zselect -t 2 2>/dev/null || sleep 0.02
done
: > $offers
zpty -w -n z "$3"$'\t'
repeat 500; do
    grep -q '^<end>' $offers && break
    zpty -r -t z ignored
    zselect -t 2 2>/dev/null || sleep 0.02
done
zpty -d z
grep -v '^<end>' $offers
